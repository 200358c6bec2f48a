# SPDX-License-Identifier: Apache-2.0
"""nginx in front of the services: TLS for every endpoint address, and one more port for each broken certificate.

A fault never changes this configuration. It leads a service's connections from 443 to another port (firewall.py,
endpoint_detour); the address stays, so nginx still knows which service was meant.
"""

import os
import socket

from . import certificates, kernel, world as w
from .processes import start, wait_for

# Servers with a good certificate that offer what few clients take.
_TERMS = {
    "cbc": "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384;",
    "x448": "ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve X448;",
    "cbc-sha1": "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-AES128-SHA;",
    "chacha": "ssl_protocols TLSv1.2; ssl_ciphers ECDHE-ECDSA-CHACHA20-POLY1305;",
    "p521": "ssl_protocols TLSv1.2 TLSv1.3; ssl_ecdh_curve P-521;",
    "dhe": "ssl_protocols TLSv1.2; ssl_ciphers DHE-RSA-AES128-GCM-SHA256;",
    "static-rsa": "ssl_protocols TLSv1.2; ssl_ciphers AES128-GCM-SHA256;",
    "client-asked": "ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client optional; ssl_client_certificate CA;",
    "client-certificate": "ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client on; ssl_client_certificate CA;",
}
_CERTIFICATES = [variant for variant in certificates.VARIANTS if variant not in ("good", "good-all")]
VARIANT_PORT = {variant: 8441 + number for number, variant in enumerate((*_CERTIFICATES, *_TERMS))}


def nginx_start(world, certificate_folder, folder, backend_path, namespace):
    """Does not wait; nginx_ready() does."""
    os.makedirs(os.path.join(folder, "nginx"), exist_ok=True)
    configuration = os.path.join(folder, "nginx.conf")
    with open(configuration, "w", encoding="utf-8") as file:
        file.write(_configuration(world, certificate_folder, os.path.join(folder, "nginx"), backend_path))
    return start(
        ["nginx", "-p", folder, "-c", configuration, "-e", "stderr"], os.path.join(folder, "nginx.log"), namespace
    )


def nginx_ready(process, namespace, folder):
    def accepts():
        with kernel.inside_network(namespace), socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", max(VARIANT_PORT.values()))) == 0

    wait_for(accepts, "nginx listens", process, log=os.path.join(folder, "nginx.log"))


def _addresses(service):
    return [
        w.address(service, "a"),
        w.address(service, "b"),
        w.new_address(service, "a"),
        w.new_address(service, "b"),
        w.public_address(service),
        w.other_vpc_address(service),
        f"[{w.address6(service, 'a')}]",
        f"[{w.address6(service, 'b')}]",
        f"[{w.through_dns64(w.address(service, 'b'))}]",
        f"[{w.through_dns64(w.public_address(service))}]",
    ]


def _configuration(world, certificate_folder, folder, backend_path):
    temporary = "\n".join(
        f"  {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    by_address = "\n".join(
        f"    {address.strip('[]')} {service};" for service in w.SERVICES for address in _addresses(service)
    )
    servers = [
        _server(_addresses_listen(service), certificates.path(certificate_folder, "good", service), world)
        for service in w.SERVICES
    ]
    servers += [
        _server(
            [f"{port} ssl", f"[::]:{port} ssl"],
            certificates.path(
                certificate_folder,
                "rsa" if variant in ("dhe", "static-rsa") else "good-all" if variant in _TERMS else variant,
            ),
            world,
            _TERMS.get(variant, "").replace(" CA;", f" {certificate_folder}/amazon-ca.crt;"),
        )
        for variant, port in VARIANT_PORT.items()
    ]
    return f"""user root;
daemon off;
master_process off;
pid {folder}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  server_tokens off;
{temporary}
  keepalive_timeout 60;
  map $server_addr $lab_service {{
    default ssm;
{by_address}
  }}
  upstream services {{
    server unix:{backend_path};
    keepalive 32;
  }}
  proxy_http_version 1.1;
  map $http_upgrade $lab_connection {{ default upgrade; "" ""; }}
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $lab_connection;
  proxy_set_header Host $http_host;
  proxy_set_header X-Lab-Service $lab_service;
  proxy_set_header X-Lab-Address $server_addr;
  proxy_pass_header Date;
  proxy_pass_header Server;
  proxy_buffering off;
  server {{ listen 443 ssl default_server; listen [::]:443 ssl default_server; ssl_reject_handshake on; }}
{''.join(servers)}}}
"""


def _addresses_listen(service):
    return [f"{address}:443 ssl" for address in _addresses(service)]


def _server(listen, certificate, world, terms=None):
    lines = "".join(f" listen {address};" for address in listen)
    key = certificate.removesuffix(".crt") + ".key"
    return (
        f"  server {{{lines} ssl_certificate {certificate}; ssl_certificate_key {key}; "
        f"{terms or f'ssl_protocols {world.tls_versions};'} "
        f"location / {{ proxy_pass http://services; }} }}\n"
    )
