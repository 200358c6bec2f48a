# SPDX-License-Identifier: Apache-2.0
"""Files as people write them: drop-ins, resolv.conf, /etc/hosts, amazon-ssm-agent.json. Who reads them decides what they mean."""

import json

from .. import instance, world as w
from .machine import _proxy
from .registry import choice, fault

_FILE = "/etc/default/agent-proxy"
_ENVIRONMENT = f"EnvironmentFile={_FILE}\n"
# {P} is a proxy that forbids, {O} one that opens the way, both as HOST:PORT. (drop-in, file)
_UNITS = {
    "confined": ("PrivateNetwork=yes\n", ""),
    "imds-denied": ("IPAddressDeny=any\nIPAddressAllow=localhost 10.0.0.0/8\n", ""),
    "vpc-denied": ("IPAddressDeny=10.0.0.0/8\n", ""),
    "nameserver-denied": (f"IPAddressDeny=any\nIPAddressAllow=link-local {w.address('ssm', 'a')}/24 {w.address('ssm', 'b')}/24\n", ""),
    "others-denied": ("IPAddressDeny=10.0.0.0/8 192.168.0.0/16\nIPAddressAllow=10.0.0.0/16\n", ""),
    "option": ("ExecStart=\nExecStart=/usr/bin/amazon-ssm-agent -register\n", ""),
    "twice": ("ExecStart=/usr/bin/amazon-ssm-agent\n", ""),
    "limits": ("LimitNOFILE=16\n", ""),
    "limits-wide": ("LimitNOFILE=64\nLimitAS=2G\nLimitDATA=128M\nLimitFSIZE=infinity\nTasksMax=10%\nMemoryMax=64M\n", ""),
    "condition": ("[Unit]\nConditionPathExists=/etc/corp/approved\n", ""),
    "condition-holds": ("[Unit]\nConditionPathExists=/etc/hosts\nConditionPathExists=!/etc/gone\nRequires=amazon-ssm-agent.service\n", ""),
    "imds-alone": ("IPAddressDeny=any\nIPAddressAllow=localhost link-local\n", ""),
    "binds": ("[Unit]\nBindsTo=corp-init.service\n", ""),
    "confined-well": ("ProtectSystem=strict\nReadWritePaths=/var/lib/amazon -/var/log/amazon\nIPAddressDeny=any\n"
                      "IPAddressAllow=link-local 10.0.0.0/8\nNoNewPrivileges=no\n", ""),
    "hardened": ("SystemCallFilter=@system-service\nSystemCallFilter=~@privileged @resources\nSystemCallErrorNumber=EPERM\n"
                 "SystemCallArchitectures=native\nRestrictAddressFamilies=AF_INET AF_UNIX AF_NETLINK\nCapabilityBoundingSet=\n"
                 "NoExecPaths=/\nExecPaths=/usr\nProtectHome=yes\nPrivateTmp=yes\nPrivateDevices=yes\nInaccessiblePaths=-/gone\n", ""),
    "calls": ("SystemCallFilter=@basic-io @file-system @network-io\n", ""),
    "calls-denied": ("SystemCallFilter=~@resources\n", ""),
    "no-exec": ("NoExecPaths=/\nExecPaths=/usr/bin/amazon-ssm-agent\n", ""),
    "ipv6-alone": ("RestrictAddressFamilies=AF_INET6 AF_UNIX\n", ""),
    "hidden": ("InaccessiblePaths=/etc/resolv.conf\n", ""),
    "path-gone": ("ReadWritePaths=/srv/gone\n", ""),
    "credential-gone": ("LoadCredential=token:/etc/corp/token\n", ""),
    "bind-gone": ("BindReadOnlyPaths=/srv/gone:/srv/x\n", ""),
    "bind-gone-may-be": ("BindReadOnlyPaths=-/srv/gone:/srv/x\nLoadCredential=token\n", ""),
    "words-before": ('ExecStartPre=/bin/sh -c "exit 1"\n', ""),
    "another-before": ("ExecStartPre=/bin/sh -c 'mountpoint -q /data'\n", ""),
    "mkdir-before": ("ExecStartPre=/bin/mkdir -p /run/ssm\n", ""),
    "output-gone": ("StandardOutput=append:/srv/log/agent.log\n", ""),
    "false-before": ("ExecStartPre=/bin/false\n", ""),
    "true": ("ExecStart=\nExecStart=/bin/true\n", ""),
    "no-path": ("ExecStart=\nExecStart=amazon-ssm-agent\n", ""),
    "bus": ("Type=dbus\n", ""),
    "watchdog": ("WatchdogSec=30\n", ""),
    "group": ("Group=gone\n", ""),
    "slice": ("Slice=corp.slice\n", ""),
    "trailing-blank": ("Nice=5 \\ \nPrivateNetwork=yes\n", ""),
    "empty-is-no-reset": ("PrivateNetwork=yes\n[Service]\nPrivateNetwork=\n", ""),
    "header": ("Nice=5\n[Service] # ours\nPrivateNetwork=yes\n", ""),
    "sockets-gone": ("StandardInput=socket\nSockets=gone.socket\n", ""),
    "ended": ("RuntimeMaxSec=5\n", ""),
    "ended-daily": ("RuntimeMaxSec=1d\n", ""),
    "script-gone": ("ExecStartPre=/bin/sh /opt/gone.sh\n", ""),
    "sleep-before": ("ExecStartPre=/bin/sleep 120\n", ""),
    "log-gone": ("ProtectSystem=strict\nReadWritePaths=/var/lib/amazon /var/log/amazon\n", ""),
    "file-name": ("EnvironmentFile=/etc/default/%p\n", ""),
    "glob-folder": (f"EnvironmentFile={_FILE.replace('default', 'def*')}\n", "https_proxy=http://{P}\n"),
    "all-rights": ("User=daemon\nProtectSystem=strict\nExecStart=\nExecStart=+/usr/bin/amazon-ssm-agent\n", ""),
    "triggers": ("[Unit]\nConditionPathExists=|/etc/gone\nConditionPathExists=|!/etc/hosts\n", ""),
    "another-condition": ("[Unit]\nConditionHost=!build\n", ""),
    "folder": ("EnvironmentFile=/etc\n", ""),
    "spaces": (_ENVIRONMENT, "https_proxy = http://{P}\n"),
    "quoted-path": (f'EnvironmentFile="{_FILE}"\n', "https_proxy=http://{P}\n"),
    "glob": (f"EnvironmentFile={_FILE}*\n", "https_proxy=http://{P}\n"),
    "file-missing": ("EnvironmentFile=/etc/default/gone\n", ""),
    "export": (_ENVIRONMENT, "export https_proxy=http://{P}\n"),
    "file-first": (f'{_ENVIRONMENT}Environment="https_proxy="\n', "https_proxy=http://{P}\n"),
    "file-backslash": (_ENVIRONMENT, 'https_proxy="http://CORP\\user:x@{O}"\n'),
    "bad-escape": ('Environment="https_proxy=http://CORP\\user:x@{P}"\n', ""),
    "bell": ('Environment="https_proxy=http://corp\\alice:x@{P}"\n', ""),
    "percent": ("Environment=https_proxy=http://user:50%off@{P}\n", ""),
    "specifier": ("Environment=https_proxy=http://user:p%C3%A4@{P}\n", ""),
    "hash": ('Environment="https_proxy=http://user:p#w@{O}"\n', ""),
    "slash": ('Environment="https_proxy=http://user:p/w@{O}"\n', ""),
    "at": ('Environment="https_proxy=http://user:p@w@{O}"\n', ""),
    "no-scheme": ("Environment=https_proxy={O}\n", ""),
    "no-scheme-login": ("Environment=https_proxy=user:word@{O}\n", ""),
    "socks": ("Environment=https_proxy=socks5://{O}\n", ""),
    "one-slash": ("Environment=https_proxy=http:/{O}\n", ""),
    "no-colon": ("Environment=https_proxy=http//{O}\n", ""),
    "blank-before": ('Environment="https_proxy= http://{P}"\n', ""),
    "blank-after": ('Environment="https_proxy=http://{O} "\n', ""),
    "quotes-in": ("Environment=https_proxy=\\\"http://{O}\\\"\n", ""),
    "path": ("Environment=https_proxy=http://{O}/\n", ""),
    "bare-host": ("Environment=https_proxy=http://proxy:3128\n", ""),
    "port-word": ("Environment=https_proxy=http://10.0.1.21:port\n", ""),
    "all-proxy": ("Environment=ALL_PROXY=http://{P}\n", ""),
    "no-proxy-all": ("Environment=https_proxy=http://{P} no_proxy=*\n", ""),
    "no-proxy-domain": ("Environment=https_proxy=http://{P} no_proxy=169.254.169.254,.amazonaws.com\n", ""),
    "no-proxy-star": ("Environment=https_proxy=http://{P} no_proxy=*.amazonaws.com\n", ""),
    "no-proxy-middle": ("Environment=https_proxy=http://{P} no_proxy=ssm.*.amazonaws.com\n", ""),
    "no-proxy-blanks": ('Environment="https_proxy=http://{P}" "no_proxy=169.254.169.254 .amazonaws.com"\n', ""),
    "no-proxy-file": (_ENVIRONMENT, "https_proxy=http://{P}\nNO_PROXY=169.254.169.254,localhost\n"),
    "no-proxy-cidr": ("Environment=https_proxy=http://{P} no_proxy=10.0.0.0/16\n", ""),
    "no-proxy-port": ("Environment=https_proxy=http://{P} no_proxy=amazonaws.com:443\n", ""),
    "no-proxy-scheme": ("Environment=https_proxy=http://{P} no_proxy=https://amazonaws.com\n", ""),
    "no-proxy-empty-capitals": ("Environment=https_proxy=http://{P} NO_PROXY= no_proxy=amazonaws.com\n", ""),
    "no-proxy-two": ("Environment=https_proxy=http://{P} NO_PROXY=localhost no_proxy=amazonaws.com\n", ""),
    "imds-cidr": ("Environment=http_proxy=http://{P} no_proxy=169.254.0.0/16\n", ""),
    "imds-port": ("Environment=http_proxy=http://{P} no_proxy=169.254.169.254:8080\n", ""),
    "imds-domain": ("Environment=http_proxy=http://{P} no_proxy=.169.254.169.254\n", ""),
    "imds-glob": ("Environment=http_proxy=http://{P} no_proxy=169.254.*\n", ""),
    "cgi": ("Environment=REQUEST_METHOD=GET http_proxy=http://{P} no_proxy=169.254.169.254\n", ""),
    "long": ("Environment=https_proxy=http://{P} no_proxy=" + ",".join(f"host{n}.corp.example.com" for n in range(300))
             + ",amazonaws.com\n", ""),
    "elsewhere": ("[Unit]\nEnvironment=https_proxy=http://{P}\n", ""),
    "lower-key": ("environment=https_proxy=http://{P}\n", ""),
    "continued": ("Environment=A=1 \\\n  https_proxy=http://{P}\n", ""),
    "commented": ("#Environment=A=1 \\\nEnvironment=https_proxy=http://{P}\n", ""),
    "single": ("Environment='https_proxy=http://{P}' B=2\n", ""),
    "unset-value": ("Environment=https_proxy=http://{P}\nUnsetEnvironment=https_proxy=http://other\n", ""),
    "export-word": ('Environment="export https_proxy=http://{P}"\n', ""),
    "unclosed": ('Environment="https_proxy=http://{P}\n', ""),
    "semicolon": ("Environment=https_proxy=http://{P};no_proxy=amazonaws.com\n", ""),
    "environment-file-list": (f"EnvironmentFile=-/etc/sysconfig/gone\n{_ENVIRONMENT}", "HTTPS_PROXY='http://{P}'\n"),
    "sdk-config": (f"Environment=AWS_SDK_LOAD_CONFIG=1 AWS_CONFIG_FILE={_FILE}\n", "[default\nregion = us-east-1\n"),
    "sdk-bundle": (f"Environment=AWS_SDK_LOAD_CONFIG=1 AWS_CONFIG_FILE={_FILE}\n", "[default]\nca_bundle = /etc/ssl/gone.pem\n"),
    "sdk-bundle-not-read": (f"Environment=AWS_CONFIG_FILE={_FILE}\n", "[default]\nca_bundle = /etc/ssl/gone.pem\n"),
    "sdk-config-not-read": (f"Environment=AWS_CONFIG_FILE={_FILE}\n", "[default\nregion = us-east-1\n"),
    "sdk-config-line": (f"Environment=AWS_SDK_LOAD_CONFIG=1 AWS_CONFIG_FILE={_FILE}\n", "region us-east-1\n"),
    "sdk-credentials": (f"Environment=AWS_SHARED_CREDENTIALS_FILE={_FILE}\n", "{'a', 'b'}\n[x]]\n"),
    "env": ("ExecStart=\nExecStart=/usr/bin/env https_proxy=http://{P} /usr/bin/amazon-ssm-agent\n", ""),
    "crlf": ("Environment=https_proxy=http://{P}\r\n", ""),
    "hex": ('Environment="https_proxy=http://\\x7b{P}"\n', ""),
}


@fault("unit-written", "the drop-in of the agent's unit, or its file of variables, as people write them", "proxy-in-the-way",
       f"[{'|'.join(_UNITS)}]")
def _(world, variant="spaces"):
    drop_in, file = (text.replace("{P}", _proxy(world, "forbids")[7:]).replace("{O}", _proxy(world, "opens")[7:])
                     for text in _UNITS[choice(variant, *_UNITS)])
    world.files[instance.AGENT_DROP_IN] = "[Service]\n" + drop_in
    if file:
        world.files[_FILE] = file
    if variant == "slice":
        world.files["/etc/systemd/system/corp.slice"] = "[Slice]\nIPAddressDeny=169.254.169.254\n"


_CONFIGURATIONS = {
    "nothing": w.Link("/dev/null"),
    "fraction": '{"Mds": {"CommandWorkersLimit": 5.0}}',
    "exponent": '{"Mds": {"CommandWorkersLimit": 5e0}}',
    "big": '{"Mds": {"CommandWorkersLimit": 1000000000000000000}}',
    "bigger": '{"Mds": {"CommandWorkersLimit": 10000000000000000000}}',
    "null": '{"Mds": null, "Ssm": {"Endpoint": null}}',
    "null-all": "null",
    "cases": '{"SSM": {"ENDPOINT": "ssm.us-esat-1.amazonaws.com"}}',
    "unknown": '{"Whatever": {"A": [1, {"b": "c"}]}, "Ssm": {"NoSuch": 5}}',
    "comment": '{"Mds": {} /* ours */}',
    "single-quotes": "{'Mds': {}}",
    "escape": '{"\\u0053sm": {"End\\u0070oint": "ssm.us-esat-1.amazonaws.com"}}',
    "bad-escape": '{"Ssm": {"CustomInventoryDefaultLocation": "C:\\data"}}',
    "surrogate": '{"Agent": {"Name": "\\ud800"}}',
    "nan": '{"Mds": {"CommandWorkersLimit": NaN}}',
    "true-word": '{"Profile": {"ShareCreds": "true"}}',
    "true-number": '{"Profile": {"ShareCreds": 1}}',
    "true-case": '{"Profile": {"ShareCreds": True}}',
    "section-text": '{"Ssm": "x"}',
    "section-list": '{"Ssm": []}',
    "list-of-numbers": '{"Identity": {"ConsumptionOrder": [1]}}',
    "order-cases": '{"Identity": {"ConsumptionOrder": ["ec2"]}}',
    "order-empty": '{"Identity": {"ConsumptionOrder": []}}',
    "order-custom": '{"Identity": {"ConsumptionOrder": ["CustomIdentity"]}}',
    "order-both": '{"Identity": {"ConsumptionOrder": ["OnPrem", "EC2"]}}',
    "deep": '{"X": ' + "[" * 3000 + "]" * 3000 + "}",
    "deeper": '{"X": ' + "[" * 10005 + "]" * 10005 + "}",
    "fold": '{"\u017fsm": {"Endpoint": "ssm.us-esat-1.amazonaws.com"}}',
    "merged": '{"Ssm": {"Endpoint": "ssm.us-esat-1.amazonaws.com"}, "ssm": {"NoSuch": 1}}',
    "zero": '{"Ssm": {"Endpoint": "ssm.us-east-1.amazonaws.com\\u0000"}}',
    "slash": '{"Ssm": {"Endpoint": "https://ssm.us-east-1.amazonaws.com/"}}',
    "mgs-slash": '{"Mgs": {"Endpoint": "https://ssmmessages.us-east-1.amazonaws.com/"}}',
    "mgs-host": '{"Mgs": {"Endpoint": "ssmmessages.us-east-1.amazonaws.com"}}',
    "mgs-port": '{"Mgs": {"Endpoint": "ssmmessages.us-east-1.amazonaws.com:443"}}',
    "scheme": '{"Ssm": {"Endpoint": "wss://ssm.us-east-1.amazonaws.com"}}',
    "colon": '{"Ssm": {"Endpoint": "ssm.us-east-1.amazonaws.com:"}}',
    "swapped": '{"Ssm": {"Endpoint": "ssmmessages.us-east-1.amazonaws.com"}}',
    "domain-dot": '{"Agent": {"ServiceDomain": "amazonaws.com."}}',
    "domain-dot-first": '{"Agent": {"ServiceDomain": ".amazonaws.com"}}',
    "mgs-path": '{"Mgs": {"Endpoint": "ssmmessages.us-east-1.amazonaws.com/"}}',
    "upper": '{"Ssm": {"Endpoint": "SSM.US-EAST-1.AMAZONAWS.COM"}}',
    "blank": '{"Ssm": {"Endpoint": " ssm.us-east-1.amazonaws.com"}}',
    "blank-after": '{"Ssm": {"Endpoint": "ssm.us-east-1.amazonaws.com "}}',
    "dot": '{"Ssm": {"Endpoint": "ssm.us-east-1.amazonaws.com."}}',
    "mgs-region": '{"Mgs": {"Region": "eu-west-1"}}',
    "service-domain": '{"Agent": {"ServiceDomain": "amazonaws.com.cn"}}',
    "service-domain-same": '{"Agent": {"ServiceDomain": "amazonaws.com"}}',
    "path": '{"Ssm": {"Endpoint": "https://ssm.us-east-1.amazonaws.com/v1"}}',
    "query": '{"Ssm": {"Endpoint": "https://ssm.us-east-1.amazonaws.com?x=1"}}',
    "percent": '{"Ssm": {"Endpoint": "https://ssm.us-east-1.amazonaws.com/%zz"}}',
    "mgs-line": '{"Mgs": {"Endpoint": "ssmmessages.us-east-1.amazonaws.com\\n"}}',
    "custom-null": '{"Identity": {"CustomIdentities": [null]}}',
    "custom-only": '{"Identity": {"ConsumptionOrder": ["CustomIdentity"], "CustomIdentities": [{"InstanceID": "%s", "Region": "us-east-1"}]}}'
                   % w.INSTANCE_ID,
    "custom-elsewhere": '{"Identity": {"ConsumptionOrder": ["CustomIdentity", "EC2"], "CustomIdentities": [{"InstanceID": "%s", '
                        '"Region": "eu-west-1"}]}}' % w.INSTANCE_ID,
    "login": '{"Ssm": {"Endpoint": "user:word@ssm.us-east-1.amazonaws.com"}}',
    "mgs-login": '{"Mgs": {"Endpoint": "user:word@ssmmessages.us-east-1.amazonaws.com"}}',
    "two-slashes": '{"Ssm": {"Endpoint": "//ssm.us-east-1.amazonaws.com"}}',
    "upper-scheme": '{"Ssm": {"Endpoint": "HTTPS://ssm.us-east-1.amazonaws.com"}}',
    "address": '{"Ssm": {"Endpoint": "10.0.1.21"}}',
    "mds-wrong": '{"Mds": {"Endpoint": "ec2messages.us-esat-1.amazonaws.com"}}',
    "trailing-comma": '{"Mds": {"CommandWorkersLimit": 5,}}',
    "tab-in-string": '{"Agent": {"Name": "a\tb"}}',
    "name-delete": '{"Agent": {"Name": "a\\u007f"}}',
    "name-lines": '{"Agent": {"Name": "a\\nb"}}',
    "name-tab": '{"Agent": {"Name": "a\\tb"}}',
    "name-accent": '{"Agent": {"Name": "\u00e4"}}',
    "two": '{"Mds": {}}{"Ssm": {}}',
    "crlf": '{\r\n"Mds": {}\r\n}\r\n',
    "leading-zero": '{"Mds": {"CommandWorkersLimit": 05}}',
    "region-blank": '{"Agent": {"Region": " us-east-1 "}}',
    "dual-stack": '{"Agent": {"UseDualStackEndpoint": true}}',
    "os": '{"Os": {"Lang": 5}}',
    "agent-region-empty": '{"Agent": {"Region": ""}}',
    "form-feed": '{"Mds": {}}\f',
    "buffers": '{"Mds": {"CommandWorkerBufferLimit": 2000000000000}}',
    "buffers-many": '{"Mds": {"CommandWorkerBufferLimit": 1000000}, "Mgs": {"SessionWorkerBufferLimit": 1000000000}}',
    "workers-zero": '{"Mds": {"CommandWorkersLimit": 0}, "Mgs": {"SessionWorkersLimit": -1}}',
    "container-text": '{"Agent": {"ContainerMode": "true"}}',
    "custom-identity": json.dumps({"Identity": {"ConsumptionOrder": ["CustomIdentity", "EC2"], "CustomIdentities": [
        {"InstanceID": "i-0fedcba9876543210", "Region": "us-east-1", "CredentialsProvider": "None"}]}}),
}


@fault("configuration-written", "amazon-ssm-agent.json as people write it", "agent-config-invalid", f"[{'|'.join(_CONFIGURATIONS)}]")
def _(world, variant="fraction"):
    text = _CONFIGURATIONS[choice(variant, *_CONFIGURATIONS)]
    world.files[instance.AGENT_CONFIGURATION] = text if isinstance(text, w.Link) else text + "\n"


_GOOD = f"nameserver {w.RESOLVER}\n"
_RESOLV = {
    "timeout": "options timeout:1 attempts:1\n" + _GOOD,
    "timeout-2": "options timeout:2\n" + _GOOD,
    "timeout-long": "options timeout:20\n" + _GOOD,
    "attempts-0": "options attempts:0 timeout:0\n" + _GOOD,
    "timeout-word": "options timeout:1s\n" + _GOOD,
    "dead-hour": f"options timeout:9999\nnameserver {w.DEAD_RESOLVER}\n" + _GOOD,
    "own-program": "nameserver 127.0.0.1\n",  # of dnsmasq or unbound, which do not run
    "attempts-3": "options attempts:3\n" + _GOOD,
    "use-vc": "options use-vc\n" + _GOOD,
    "tabs": f"\t nameserver\t{w.RESOLVER}\t# the VPC's\n",
    "capitals": f"NAMESERVER {w.RESOLVER}\n",
    "name-first": "nameserver dns.corp.example.com\n" + _GOOD,
    "name-only": "nameserver dns.corp.example.com\n",
    "port": f"nameserver {w.RESOLVER}:53\n",
    "comment": f"; nameserver {w.DEAD_RESOLVER}\n#nameserver {w.DEAD_RESOLVER}\n" + _GOOD,
    "comment-indented": f" # nameserver {w.DEAD_RESOLVER}\n" + _GOOD,
    "zone-first": f"nameserver fe80::1%{w.INTERFACE}\n" + _GOOD,
    "zone-only": f"nameserver fe80::1%{w.INTERFACE}\n",
    "two-on-a-line": f"nameserver {w.DEAD_RESOLVER} {w.RESOLVER}\n",
    "rotate": f"options rotate\nnameserver {w.DEAD_RESOLVER}\n" + _GOOD,
    "dead-long": f"options timeout:16\nnameserver {w.DEAD_RESOLVER}\n" + _GOOD,
    "dead-searched": f"search a.example.com b.example.com\noptions ndots:5\nnameserver {w.DEAD_RESOLVER}\n" + _GOOD,
    "dead-twice": f"nameserver {w.DEAD_RESOLVER}\nnameserver {w.DEAD_RESOLVER}\n" + _GOOD,
    "search-many": "search a.example.com b.example.com c.example.com d.example.com\noptions ndots:5\n" + _GOOD,
    "zeros-before": "\0" * 64 + "\n" + _GOOD,
    "zeros-in-line": "\0" * 64 + f"nameserver {w.DEAD_RESOLVER}\n" + _GOOD,
    "zeros-behind": f"nameserver {w.RESOLVER}\0\n",
    "long-line": "# " + "x" * 65536 + "\n" + _GOOD,
    "no-aaaa": "options no-aaaa trust-ad single-request-reopen edns0\n" + _GOOD,
    "gone": None,
    "nothing": w.Link("/dev/null"),
    "empty": "",
    "colon": f"nameserver: {w.RESOLVER}\n",
    "equals": f"nameserver={w.RESOLVER}\n",
    "leading-zeros": "nameserver 010.000.000.002\n",
    "crlf": f"nameserver {w.RESOLVER}\r\n",
    "same-dead-last": _GOOD + f"nameserver {w.DEAD_RESOLVER}\nnameserver 10.0.2.54\nnameserver 10.0.2.55\n",
    "quoted": f'nameserver "{w.RESOLVER}"\n',
    "loopback": "nameserver 127.0.0.1\n",
    "loopback-first": "nameserver 127.0.0.1\n" + _GOOD,
    "ipv6-mapped": f"nameserver ::ffff:{w.RESOLVER}\n",
}


@fault("resolv-written", "resolv.conf as people write it", None, f"[{'|'.join(_RESOLV)}]")
def _(world, variant="timeout"):
    world.files[instance.RESOLV_CONF] = _RESOLV[choice(variant, *_RESOLV)]
    if variant == "gone":
        world.files[instance.RESOLV_CONF] = w.Link("/run/nothing/resolv.conf")


_LOCAL = "127.0.0.1 localhost\n::1 localhost\n"
_HOSTS = {
    "public": f"{w.public_address('ssm')} {{ssm}}\n",
    "right": f"{w.address('ssm', 'a')} {{ssm}}\n",
    "dead-and-right": f"10.0.1.99 {{ssm}}\n{w.address('ssm', 'a')} {{ssm}}\n",
    "ipv6": "::1 {ssm}\n",
    "ipv6-and-right": f"2001:db8::5 {{ssm}}\n{w.address('ssm', 'a')} {{ssm}}\n",
    "capitals": "10.0.1.99 {SSM}\n",
    "alias": "10.0.1.99 other more {ssm} # as of today\n",
    "dot": "10.0.1.99 {ssm}.\n",
    "zero": "0.0.0.0 {ssm}\n",
    "local": "127.0.0.1 {ssm}\n",
    "comment": "#10.0.1.99 {ssm}\n",
    "comment-in": "10.0.1.99 other#{ssm}\n",
    "bad-address": "10.0.1.999 {ssm}\n",
    "zeros": "010.000.001.099 {ssm}\n",
    "tabs": "\t10.0.1.99\t\t{ssm}\n",
    "link-local": f"fe80::99%{w.INTERFACE} {{ssm}}\n",
    "wildcard": "10.0.1.99 *.amazonaws.com\n",
    "messages": f"{w.address('ssm', 'a')} {{ssmmessages}}\n",
    "crlf": "10.0.1.99 {ssm}\r\n",
    "short": "10.0.1.99 ssm\n",
    "port": "10.0.1.99:443 {ssm}\n",
    "mapped": f"::ffff:{w.address('ssm', 'a')} {{ssm}}\n",
    "long-line": "#" + "x" * 65535 + "\n10.0.1.99 {ssm}\n",
    "long-line-fits": "#" + "x" * 65534 + "\n10.0.1.99 {ssm}\n",
    "zeros-before": "\0" * 64 + "\n10.0.1.99 {ssm}\n",
}


@fault("hosts-written", "/etc/hosts as people write it", None, f"[{'|'.join(_HOSTS)}]")
def _(world, variant="right"):
    text = _HOSTS[choice(variant, *_HOSTS)]
    for service in w.REQUIRED:
        name = world.name(service)
        text = text.replace(f"{{{service}}}", name).replace(f"{{{service.upper()}}}", name.upper())
    world.files[instance.HOSTS] = _LOCAL + text


_NSSWITCH = {
    "none": "passwd: files\n",
    "resolve": "hosts: files resolve [!UNAVAIL=return] dns\n",
    "resolve-only": "hosts: files resolve\n",
    "mdns": "hosts: files mdns4_minimal [NOTFOUND=return] dns\n",
    "myhostname": "hosts: files myhostname\n",
    "return": "hosts: files [NOTFOUND=return] dns\n",
    "dns-return": "hosts: dns [NOTFOUND=return] files\n",
    "capitals": "HOSTS: files dns\n",
    "two": "hosts: files\nhosts: files dns\n",
    "no-colon": "passwd files\nhosts: files\n",
    "no-bracket": "hosts: dns\npasswd: files [NOTFOUND=return\n",
    "blank": "hosts : files\n",
    "empty": "hosts:\n",
    "db": "hosts: db\n",
}


@fault("nsswitch-written", "nsswitch.conf as people write it", None, f"[{'|'.join(_NSSWITCH)}]")
def _(world, variant="none"):
    world.files[instance.NSSWITCH] = _NSSWITCH[choice(variant, *_NSSWITCH)]


_STATE = "/var/lib/amazon/ssm"
_LEFT = {  # path, text
    "manifest-empty": (f"{_STATE}/Vault/EC2Manifest", ""),
    "manifest-garbage": (f"{_STATE}/Vault/EC2Manifest", "\0\0\0\0"),
    "manifest-no-key": (f"{_STATE}/Vault/EC2Manifest", '{"EC2RegistrationKey":"' + _STATE + '/Vault/Store/EC2RegistrationKey"}'),
    "hybrid-manifest-empty": (f"{_STATE}/Vault/Manifest", ""),
    "hybrid-manifest-garbage": (f"{_STATE}/Vault/Manifest", "\0\0\0\0"),
    "seelog": ("/etc/amazon/ssm/seelog.xml", "<seelog"),
    "seelog-empty": ("/etc/amazon/ssm/seelog.xml", ""),
    "runtime": (f"{_STATE}/runtimeconfig/identity_config.json", "{"),
    "runtime-empty": (f"{_STATE}/runtimeconfig/identity_config.json", ""),
    "runtime-folder": (f"{_STATE}/runtimeconfig/identity_config.json/x", "x"),
    "runtime-other": (f"{_STATE}/runtimeconfig/identity_config.json", json.dumps(
        {"SchemaVersion": "1.1", "InstanceId": "i-0fedcba9876543210", "IdentityType": "EC2", "CredentialSource": "EC2"})),
    "runtime-hybrid": (f"{_STATE}/runtimeconfig/identity_config.json", json.dumps(
        {"SchemaVersion": "1.1", "InstanceId": "mi-0fedcba9876543210", "IdentityType": "OnPrem", "CredentialSource": "SSM"})),
    "machine-id-empty": ("/etc/machine-id", ""),
    "machine-id-gone": ("/etc/machine-id", None),
    "ipc-file": (f"{_STATE}/ipc", "x"),
    "ipc-link": (f"{_STATE}/ipc", w.Link("/run/nowhere")),
    "vault-file": (f"{_STATE}/Vault", "x"),
    "runtime-file": (f"{_STATE}/runtimeconfig", "x"),
    "socket-file": (f"{_STATE}/ipc/health", "x"),
    "state-file": (_STATE, "x"),
    "log-file": ("/var/log/amazon", "x"),
    "credentials": (f"{_STATE}/credentials", "garbage"),
    "instance-folder-file": (f"{_STATE}/{w.INSTANCE_ID}", "x"),
    "registration-only": (f"{_STATE}/registration", '{"ManagedInstanceID":"mi-0fedcba9876543210","Region":"us-east-1"}'),
    "fingerprint": (f"{_STATE}/Vault/Store/InstanceFingerprint", "{"),
}


@fault("state-left", "what an update, a crash or a copy left on the disk", None, f"[{'|'.join(_LEFT)}]")
def _(world, variant="manifest-empty"):
    path, text = _LEFT[choice(variant, *_LEFT)]
    world.files[path] = text
