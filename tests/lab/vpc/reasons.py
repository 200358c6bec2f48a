# SPDX-License-Identifier: Apache-2.0
"""Reason phrases of HTTP (RFC 9110, 15)."""

from http import HTTPStatus

_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def reason(status):
    """Nothing for a status that the RFC does not have, which a recording may."""
    return _PHRASES.get(status, "")
