"""A server of MCP for agents to ask, by the official library: on a free port, which it says in its first line.

usage: mcp_server.py PORT [--json]     0: a free one
"""

import logging
import socket
import sys

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("calculator")


@server.tool()
def multiply(a: int, b: int) -> int:
    """Multiplies."""
    return a * b


@server.tool()
def secret() -> str:
    """What no agent may ask."""
    return "told"


@server.tool()
def broken() -> str:
    """Fails."""
    raise ToolError("it is broken")


@server.tool()
def large(size: int) -> str:
    """Says much."""
    return "x" * size


logging.disable(logging.CRITICAL)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
print(listener.getsockname()[1], flush=True)
app = server.streamable_http_app(json_response="--json" in sys.argv)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
