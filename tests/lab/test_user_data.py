# SPDX-License-Identifier: Apache-2.0
"""How the program gets into an image that lacks it: the commands of docs/symptoms.md, run with a stand-in for the AWS CLI and for S3, and the
user data that they make, run on the instance as cloud-init runs it."""

import json
import os
import re
import subprocess

import pytest

from vpc import Lab
from vpc.client import BINARY, REPOSITORY

pytestmark = pytest.mark.usefixtures("binary")
PYTHON = "/usr/bin/python3"
QUERY = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20261129%2Fus-east-1%2Fs3&X-Amz-Signature=0a"  # what a shell must not touch
AWS = f"""#!/bin/sh
case "$1 $2" in
"s3 cp") [ "$5 $6" = "build/ssm-preflight s3://a-bucket/ssm-preflight" ] && cp "$5" stored ;;
"s3 presign") echo 'http://127.0.0.1:8080/ssm-preflight?{QUERY}' ;;
esac
"""
# The first answer is none yet, as of a network that comes up.
S3 = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Handler.asked += 1
        right = self.path == "/ssm-preflight?" + sys.argv[2]
        self.send_response(503 if Handler.asked == 1 else 200 if right else 403)
        self.end_headers()
        if Handler.asked > 1 and right:
            self.wfile.write(open(sys.argv[1], "rb").read())
server = http.server.HTTPServer(("127.0.0.1", 8080), Handler)
print("listens", flush=True)
server.serve_forever()
"""
# cloud-init's util.shellify(): each string of bootcmd is lines of a script for /bin/sh.
TO_SCRIPT = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)['bootcmd']))"


def test_user_data_from_a_bucket_has_the_instance_say_why(tmp_path):
    pytest.importorskip("yaml")
    with open(os.path.join(REPOSITORY, "docs", "symptoms.md"), encoding="utf-8") as file:
        commands = re.search(r"<!-- tried: tests/lab/test_user_data.py -->\n```sh\n(.*?)```", file.read(), re.DOTALL)[1]
    (tmp_path / "build").mkdir()
    os.symlink(BINARY, tmp_path / "build" / "ssm-preflight")
    (tmp_path / "aws").write_text(AWS)
    (tmp_path / "aws").chmod(0o755)
    commands = commands.replace("BUCKET='' REGION=''", "BUCKET=a-bucket REGION=us-east-1")
    subprocess.run(["/bin/bash", "-euc", commands], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    user_data = (tmp_path / "fix.yaml").read_text()
    assert user_data.startswith("#cloud-config\n")
    lines = json.loads(subprocess.run([PYTHON, "-c", TO_SCRIPT], input=user_data, capture_output=True, text=True, check=True).stdout)
    with Lab(["endpoint-blocks-443:ssm"]) as lab:
        s3 = lab.start(["-c", S3, str(tmp_path / "stored"), QUERY], program=PYTHON, stdout=subprocess.PIPE)
        assert s3.until("listens")
        shorter = "sleep() { :; }; mkdir -p /etc/ssm-preflight; echo deadline = 4s >/etc/ssm-preflight/preflight.conf"
        done = lab.run(["-c", "\n".join([shorter, *lines])], program="/bin/sh")
        assert "curl: (22)" in done.stderr and done.returncode == 1, done.stderr
        assert lab.until("console", 1)
        console = lab.console()
        s3.signal(15)
        s3.wait(10)
    assert "ssm-preflight: 1. endpoint-blocks-443 on ssm: " in console, console
    shown = subprocess.run([BINARY, "show", "-", "--output", "short"], input=console, capture_output=True, text=True, check=False)
    assert shown.returncode == 1 and "endpoint-blocks-443" in shown.stdout, shown.stderr


# Its answer is the user data that the instance has; what it is given to set is noted.
ACCOUNT = """#!/bin/sh
[ "$2" != "$FAILS" ] || exit 1
echo "$*" >>said
case "$*" in
*describe-instance-attribute*) cat has ;;
*"--value file://"*) cp "${10#file://}" has ;;
*"--user-data Value="*) echo None >has ;;
esac
"""


@pytest.mark.parametrize("old", ["IyEvYmluL3NoCg==\n", "None\n"])
def test_the_fix_by_user_data_can_be_taken_back(tmp_path, old):
    with Lab(["agent-disabled"]) as lab:
        report = lab.run(["check", "--output", "json"]).stdout
    commands = subprocess.run([BINARY, "show", "--commands", "-"], input=report, capture_output=True, text=True, check=False).stdout
    functions = commands[commands.index("fix_by_user_data() {"):]
    (tmp_path / "aws").write_text(ACCOUNT)
    (tmp_path / "aws").chmod(0o755)

    def run(what, fails=""):
        (tmp_path / "said").write_text("")
        subprocess.run(["/bin/bash", "-c", functions + what], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin", "FAILS": fails}, check=False)
        return re.findall(r"(?m)^ec2 (\S+)", (tmp_path / "said").read_text()), (tmp_path / "has").read_text()

    (tmp_path / "has").write_text(old)
    assert run("fix_by_user_data", fails="describe-instance-attribute") == ([], old)  # nothing is changed that is not kept
    assert run("old_user_data") == ([], old)
    called, has = run("fix_by_user_data")
    assert called == ["describe-instance-attribute", "stop-instances", "wait", "modify-instance-attribute", "start-instances"]
    assert has != old
    assert run("fix_by_user_data", fails="wait") == (["stop-instances"], has)  # ends there, and keeps what it kept first
    assert run("old_user_data") == (["stop-instances", "wait", "modify-instance-attribute", "start-instances"], old)
