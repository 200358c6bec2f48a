"""Somebody opens TLS on the way, with a certificate authority that the image trusts: they see no signed request."""

import json

import pytest

from vpc import Lab

pytestmark = pytest.mark.usefixtures("binary")


@pytest.mark.parametrize("_again", range(5), ids=str)  # connections race: one run proves little
def test_no_session_token_is_shown_to_an_interceptor(_again):
    with Lab(["tls-intercepted"]) as lab:
        done = lab.run(["check", "--output", "json"])
        assert json.loads(done.stdout)["findings"][0]["code"] == "tls-intercepted"
        stats = lab.stats()
        assert stats["services"], "nothing reached the services, so nothing could be shown"
        assert stats["signed"] == {}
