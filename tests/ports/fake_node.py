"""An EVM node on the loopback that says what a test wants: lies, errors, silence, or what a real node says."""

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[..., Any]

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Says(Exception):
    """Raised by an answer: a JSON-RPC error."""

    def __init__(self, message: str, *, code: int = -32000, data: Any = None) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, "data": data}


class Hangs(Exception):
    """Raised by an answer: the connection ends without a reply."""


class RawReply(Exception):
    """Raised by an answer: these bytes, with this HTTP status."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        super().__init__()
        self.body, self.status = body, status


@dataclass
class FakeNode:
    """Answers by method; what has no answer is asked of `upstream`, or is not offered."""

    answers: dict[str, Answer]
    upstream: str | None = None
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def reply(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one JSON-RPC request."""
        method = request["method"]
        self.asked.append(method)
        try:
            if method in self.answers:
                return {"jsonrpc": "2.0", "id": request["id"], "result": self.answers[method](*request["params"])}
            return self.forward(request)
        except Says as said:
            return {"jsonrpc": "2.0", "id": request["id"], "error": said.error}

    def forward(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask the real node."""
        if self.upstream is None:
            raise Says(f"the method {request['method']} does not exist", code=-32601)
        question = urllib.request.Request(
            self.upstream, data=json.dumps(request).encode(), headers={"Content-Type": "application/json"}
        )
        with _direct.open(question, timeout=10) as reply:
            answer: dict[str, Any] = json.load(reply)
        return answer

    def ask(self, method: str, *parameters: Any) -> Any:
        """What the real node says."""
        answer = self.forward({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)})
        if "error" in answer:
            raise Says(answer["error"]["message"], data=answer["error"].get("data"))
        return answer["result"]


@contextmanager
def running(answers: Mapping[str, Answer] | None = None, *, upstream: str | None = None) -> Iterator[FakeNode]:
    """Serve a fake node for as long as the block runs."""
    node = FakeNode(dict(answers or {}), upstream)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, body = 200, json.dumps(node.reply(request)).encode()
            except RawReply as reply:
                status, body = reply.status, reply.body
            except Hangs:
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the caller may have given up waiting
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        node.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield node
        finally:
            server.shutdown()
