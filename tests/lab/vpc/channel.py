# SPDX-License-Identifier: Apache-2.0
"""The control channel: a websocket (RFC 6455) whose first text frame is OpenControlChannel.

IAM decides at that frame, not at the upgrade. What the service sends and closes with when it denies is not known; here it is
status 1008 and the message.
"""

import base64
import hashlib
import struct

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
FRAME_MAX_BYTES = 256 * 1024
POLICY_VIOLATION = 1008


def accepting(key):
    """The headers of the 101 that answers this Sec-WebSocket-Key."""
    accept = base64.b64encode(hashlib.sha1(key.encode() + _MAGIC).digest()).decode()
    return {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept}


async def converse(reader, writer, open_channel):
    """Until the client goes away, or its first text is refused: open_channel(text) gives None or why not."""
    is_open = False
    while True:
        kind, payload = await _frame(reader)
        if kind == _TEXT and not is_open:
            refused = open_channel(payload.decode("utf-8", "replace"))
            if refused:
                writer.write(frame(_CLOSE, struct.pack(">H", POLICY_VIOLATION) + refused.encode()[:120]))
                await writer.drain()
                return
            is_open = True
        elif kind == _PING:
            writer.write(frame(_PONG, payload))
        elif kind == _CLOSE:
            writer.write(frame(_CLOSE, payload[:2]))
            return
        await writer.drain()


async def _frame(reader):
    """(kind, payload) of one frame; a message in several is taken as several."""
    first, second = await reader.readexactly(2)
    size = second & 127
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    if size > FRAME_MAX_BYTES:
        raise ConnectionError("a frame is too long")
    mask = await reader.readexactly(4) if second & 128 else bytes(4)
    payload = await reader.readexactly(size)
    return first & 15, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def frame(kind, payload, mask=None):
    """A whole frame; a client's has a mask of four bytes."""
    head = bytes((128 | kind,))
    masked = 128 if mask else 0
    head += bytes((masked | len(payload),)) if len(payload) < 126 else bytes((masked | 126,)) + struct.pack(">H", len(payload))
    return head + (mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if mask else payload)
