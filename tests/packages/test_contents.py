# SPDX-License-Identifier: Apache-2.0
"""What is in the packages: licences, bills of materials, versions that order, and what lintian and rpmlint say."""
import json
import os
import re
import shutil
import subprocess
import tempfile

import jsonschema
import pytest
from conftest import ARCH, OLD_VERSION, OWED, REPOSITORY

RECORD = os.path.join(REPOSITORY, "build/deps", ARCH, "record")


def said(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=REPOSITORY, **more).stdout


def record():
    with open(RECORD, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file]


def names_below(listing, folder):
    return sorted({os.path.basename(name).removesuffix(".txt") for name in re.findall(rf"\S*{folder}(\S+)", listing)} - {""})


def test_the_record_names_everything_with_a_hash():
    lines = record()
    assert {line[0] for line in lines} == {"inih" if name == "libinih" else name for name in OWED} - {"RELINKING", "ssm-preflight"}
    assert all(re.fullmatch("[0-9a-f]{64}", line[3]) for line in lines)


def test_every_licence_is_in_every_package(packages):
    assert names_below(said("dpkg-deb", "--contents", packages["deb"][1]), "/usr/share/licenses/ssm-preflight/") == OWED
    if "rpm" in packages:
        assert names_below(said("rpm", "-qp", "--licensefiles", packages["rpm"][1]), "/usr/share/licenses/ssm-preflight/") == OWED
    listing = said("tar", "-tf", packages["tarball"])
    assert names_below(listing, "/build/deps/licences/") + ["RELINKING", "ssm-preflight"] == [name for name in OWED if name not in ("RELINKING", "ssm-preflight")] + \
        ["RELINKING", "ssm-preflight"]
    assert "/packaging/RELINKING\n" in listing and "/LICENSE\n" in listing
    for text, words in (("glibc", "GNU LESSER GENERAL PUBLIC LICENSE"), ("libgcc", "GCC RUNTIME LIBRARY EXCEPTION"), ("amazon-roots", "Mozilla Public License Version 2.0"),
                        ("systemd", "GNU LESSER GENERAL PUBLIC LICENSE"), ("zlib", "altered source versions"), ("curl", "COPYRIGHT AND PERMISSION NOTICE")):
        with open(os.path.join(REPOSITORY, "build/deps", ARCH, "licences", text), encoding="utf-8", errors="replace") as file:
            assert words.lower() in " ".join(file.read().lower().split()), text


def test_a_library_that_fails_costs_no_other(tmp_path):
    """packaging/deps/build in a copy in which cjson cannot be built and libinih is missing: that is kept, and the next run builds cjson alone."""
    deps, store = os.path.join(REPOSITORY, "build/deps"), tmp_path / "build/deps/store"
    if not os.path.isdir(f"{deps}/sources"):
        pytest.skip("the libraries' sources are not here")
    shutil.copytree(os.path.join(REPOSITORY, "packaging/deps"), tmp_path / "packaging/deps")
    store.mkdir(parents=True)
    (tmp_path / "build/deps/sources").symlink_to(f"{deps}/sources")
    for kept in os.listdir(f"{deps}/store"):
        if kept.startswith(f"{ARCH}-") and not kept.startswith((f"{ARCH}-cjson-", f"{ARCH}-libinih-")):
            (store / kept).symlink_to(f"{deps}/store/{kept}")
    recipe = tmp_path / "packaging/deps/recipes/cjson"
    whole = recipe.read_text()

    def build():
        done = subprocess.run([str(tmp_path / "packaging/deps/build")], capture_output=True, text=True, check=False)
        return done.returncode, set(re.findall(r"deps: (\S+): built in", done.stdout)), done.stderr
    recipe.write_text("false\n" + whole)
    status, built, said_of_it = build()
    assert (status, built) == (1, {"libinih"}) and "these failed, the others are kept: cjson\n" in said_of_it, said_of_it
    recipe.write_text(whole)
    assert build() == (0, {"cjson"}, "") and (tmp_path / "build/deps" / ARCH / "lib/libinih.a").exists()
    assert build() == (0, set(), "")


def test_the_way_to_relink_works(tmp_path):
    """RELINKING's command, with a glibc in which one function was changed: what it links with, of what `make static` compiled."""
    (tmp_path / "changed.c").write_text("int relinked(int fd) { return fd < 0; }\nint isatty(int fd) { return relinked(fd); }\nint __isatty(int fd) { return relinked(fd); }\n")
    shutil.copy(said("gcc", "-print-file-name=libc.a").strip(), tmp_path / "libc.a")
    said("gcc", "-Os", "-fPIE", "-fno-inline", "-c", str(tmp_path / "changed.c"), "-o", str(tmp_path / "isatty.o"))
    said("ar", "r", str(tmp_path / "libc.a"), str(tmp_path / "isatty.o"))
    with open(os.path.join(REPOSITORY, "packaging/RELINKING"), encoding="utf-8") as file:
        compiler = re.search("make static (CC='.*?')", file.read())[1].replace("/path/of/yours", str(tmp_path))
    program = tmp_path / "ssm-preflight"
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    told = said("sh", "-c", f"make -n flavour=static {compiler} program.static={program} {program}", env=environment)
    said("sh", "-c", next(line for line in told.splitlines() if line.endswith(f" -o {program}.debug")))
    assert " relinked\n" in said("nm", f"{program}.debug") and "ssm-preflight" in said(f"{program}.debug", "version")


def test_versions_order(packages):
    new = said("packaging/scripts/version").strip()
    subprocess.run(["dpkg", "--compare-versions", OLD_VERSION + "-1", "lt", new + "-1"], check=True)
    subprocess.run(["dpkg", "--compare-versions", new + "-1", "lt", "0.2.0-1"], check=True)
    subprocess.run(["dpkg", "--compare-versions", "0.2.0-1", "lt", "0.2.0+git20270101000000.0-1"], check=True)
    assert said("dpkg-deb", "--field", packages["deb"][1], "Version").strip() == new + "-1"
    if shutil.which("rpm"):
        ordered = 'print(rpm.vercmp("%s", "%s"))'
        for earlier, later in ((OLD_VERSION, new), (new, "0.2.0"), ("0.2.0", "0.2.0+git20270101000000.0")):
            assert said("rpm", "--eval", "%{lua: " + ordered % (earlier, later) + "}").strip() == "-1"


def test_versions_of_commits_and_tags(tmp_path):
    """A later commit orders after an earlier one, the tag after both, and what follows the tag after that."""
    shutil.copytree(os.path.join(REPOSITORY, "packaging/scripts"), tmp_path / "packaging/scripts")
    (tmp_path / "packaging/VERSION").write_text("1.2.0\n")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a"}

    def git(*words, date="2026-01-01T00:00:00Z"):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, stdout=subprocess.DEVNULL, env={**environment, "GIT_COMMITTER_DATE": date})

    def version():
        return said(str(tmp_path / "packaging/scripts/version"), env=environment).strip()
    git("init", "-q")
    git("add", "-A")
    versions = []
    for number in range(2):
        git("commit", "-q", "--allow-empty", "-m", "x", date=f"2026-01-01T00:00:0{number}Z")
        versions.append(version())
    git("tag", "v1.2.0")
    versions.append(version())
    git("commit", "-q", "--allow-empty", "-m", "x", date="2026-01-02T00:00:00Z")
    versions.append(version())
    assert versions[2] == "1.2.0" and versions[0].startswith("1.2.0~git20260101000000.")
    for earlier, later in zip(versions, versions[1:]):
        subprocess.run(["dpkg", "--compare-versions", earlier, "lt", later], check=True)


def bill(kind):
    return json.loads(said("packaging/sbom", kind, RECORD, "build/ssm-preflight"))


def test_spdx_names_everything():
    found = bill("spdx")
    assert (found["spdxVersion"], found["dataLicense"], found["SPDXID"]) == ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT")
    assert found["documentNamespace"] and found["creationInfo"]["creators"] and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["creationInfo"]["created"])
    parts = {package["name"]: package for package in found["packages"]}
    assert sorted(parts) == sorted([line[0] for line in record()] + ["ssm-preflight"])
    for name, number, source, digest in record():
        part = parts[name]
        assert part["versionInfo"] == number and part["checksums"] == [{"algorithm": "SHA256", "checksumValue": digest}] and source in part["sourceInfo"]
        assert part["licenseDeclared"] not in ("", "NOASSERTION") and part["downloadLocation"]
    identifiers = {package["SPDXID"] for package in found["packages"]} | {"SPDXRef-DOCUMENT"}
    assert all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in identifiers)
    assert {each[end] for each in found["relationships"] for end in ("spdxElementId", "relatedSpdxElement")} == identifiers


def test_cyclonedx_names_everything():
    found = bill("cyclonedx")
    assert (found["bomFormat"], found["specVersion"], found["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["serialNumber"])
    parts = {part["name"]: part for part in found["components"]}
    assert sorted(parts) == sorted(line[0] for line in record())
    for name, number, _, digest in record():
        assert parts[name]["version"] == number and parts[name]["hashes"] == [{"alg": "SHA-256", "content": digest}] and len(parts[name]["licenses"]) == 1
    assert {each["ref"] for each in found["dependencies"]} == set(parts) | {"ssm-preflight"}


SCHEMAS = os.environ.get("SBOM_SCHEMAS")
SHAPES = os.path.join(REPOSITORY, "tests/packages/bills.txt")
# Members whose text comes from a list of the standard.
LISTED = {"alg", "algorithm", "bomFormat", "dataLicense", "expression", "id", "licenseConcluded", "licenseDeclared", "primaryPackagePurpose", "referenceCategory",
          "referenceType", "relationshipType", "specVersion", "spdxVersion", "type"}


def shape(value, path):
    """Each place of a bill, with the members that are there, the kind of its value, or the value where it is from a list."""
    if isinstance(value, dict):
        return {f"{path}: {' '.join(sorted(value))}"}.union(*(shape(each, f"{path}.{name}") for name, each in value.items()))
    if isinstance(value, list):
        return set().union(*(shape(each, path + "[]") for each in value))
    return {f"{path} = {value if path.rsplit('.')[-1] in LISTED else type(value).__name__}"}


def test_bills_have_the_shape_that_the_published_schemas_allowed():
    """The schemas are not in the tree: the bills were valid by them when bills.txt was written, and nothing of their shape has changed since."""
    found = sorted(shape(bill("spdx"), "spdx") | shape(bill("cyclonedx"), "cyclonedx"))
    if os.environ.get("BILLS_UPDATE"):
        with open(SHAPES, "w", encoding="utf-8") as file:
            file.write("\n".join(found) + "\n")
    with open(SHAPES, encoding="utf-8") as file:
        assert found == file.read().splitlines(), "validate the bills anew, docs/packaging.md says how"


@pytest.mark.skipif(not SCHEMAS, reason="SBOM_SCHEMAS names no folder with the published schemas, see docs/packaging.md")
@pytest.mark.parametrize(("kind", "schema"), [("cyclonedx", "bom-1.5.schema.json"), ("spdx", "spdx-schema.json")])
def test_bills_are_valid_by_their_schemas(kind, schema):
    def load(name):
        with open(os.path.join(SCHEMAS, name), encoding="utf-8") as file:
            return json.load(file)
    others = {"http://cyclonedx.org/schema/" + name: load(name) for name in ("spdx.schema.json", "jsf-0.82.schema.json")}
    root = load(schema)
    resolver = jsonschema.RefResolver(root.get("$id", ""), root, store=others)
    assert [error.message for error in jsonschema.validators.validator_for(root)(root, resolver=resolver).iter_errors(bill(kind))] == []


@pytest.mark.skipif(not shutil.which("lintian"), reason="lintian is not installed")
def test_lintian_has_nothing_above_info(packages):
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", packages["deb"][1]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


@pytest.mark.skipif(not shutil.which("rpmlint") or not shutil.which("rpmbuild"), reason="rpmlint is not installed")
def test_rpmlint_has_nothing_above_info(packages):
    done = subprocess.run(["rpmlint", "--config", "packaging/rpm/rpmlint.toml", packages["rpm"][1]], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0 and "0 errors, 0 warnings" in done.stdout, done.stdout


@pytest.mark.skipif(not shutil.which("rpmbuild"), reason="rpm is not installed")
def test_rpm_says_what_it_should(packages):
    path = packages["rpm"][1]
    provides = said("rpm", "-qp", "--provides", path)
    assert all(f"bundled({line[0]}) = " in provides for line in record())
    assert said("rpm", "-qp", "--qf", "%{PAYLOADCOMPRESSOR} %{FILEDIGESTALGO}", path) == "xz 8"
    assert set(said("rpm", "-qp", "--requires", path).split("\n")) <= {"", "/bin/sh", "config(ssm-preflight) = " + said("rpm", "-qp", "--qf", "%{VERSION}-%{RELEASE}", path)} | {
        line for line in said("rpm", "-qp", "--requires", path).split("\n") if line.startswith("rpmlib(")}
    assert said("rpm", "-qp", "--configfiles", path) == "/etc/ssm-preflight/preflight.conf\n"


@pytest.mark.skipif(not shutil.which("rpmsign") or not shutil.which("gpg"), reason="rpm or gpg is not installed")
def test_signing_and_verifying_as_documented(packages, tmp_path):
    """The commands of docs/packaging.md but `make dist`, with a throw-away key; what was changed then is refused."""
    with open(os.path.join(REPOSITORY, "docs/packaging.md"), encoding="utf-8") as file:
        section = file.read().split("## Signing and verifying")[1]
    sign, verify = ("\n".join(re.findall("^    (.*)", text, re.M)) for text in section.split("Who installs them verifies:"))
    dist = tmp_path / "build/dist"
    dist.mkdir(parents=True)
    for path in (packages["deb"][1], packages["rpm"][1], packages["tarball"]):
        shutil.copy(path, dist)
    (dist / "bill.json").write_text("{}")
    (tmp_path / ".rpmmacros").write_text(f"%_dbpath {tmp_path}/db\n")
    script = f"""set -e
        gpg --batch --quiet --passphrase '' --quick-gen-key 'throw-away <nobody@packages.invalid>' rsa2048 sign 1d
        gpg --armor --export >{tmp_path}/public-key; key=$(gpg --list-keys --with-colons | awk -F: '/^fpr/ {{ print $10; exit }}')
        {re.sub("(?m)^SIGN=.* make dist.*", "", sign).replace("<key-id>", "$key")}
        cd build/dist
        {verify.replace("<public-key>", f"{tmp_path}/public-key")}
        echo changed; for file in *.deb *.rpm; do echo >>"$file"; done
        sha256sum --check --quiet SHA256SUMS || echo refused; rpm --checksig *.rpm || echo refused"""
    with tempfile.TemporaryDirectory(dir="/tmp") as keys:  # not below tmp_path: its agent's socket has a short name
        environment = {**os.environ, "HOME": str(tmp_path), "GNUPGHOME": keys}
        done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=True)
    assert done.returncode == 0, done.stdout + done.stderr
    before, after = done.stdout.split("changed\n")
    assert "digests signatures OK" in before and "refused" not in before and after.count("refused") == 2, done.stdout
