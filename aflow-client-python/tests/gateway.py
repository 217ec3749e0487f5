"""A stand-in for the gateway: remembers what arrived and answers what it was told to."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, NamedTuple, Optional


class Received(NamedTuple):
    method: str
    path: str
    headers: Any
    body: bytes

    @property
    def target(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def signature(self) -> str:
        return self.headers["A-Signature"]


class Answer(NamedTuple):
    http_status: int
    body: bytes
    headers: Dict[str, str]


def ok(data: Any) -> Answer:
    return envelope({"status": 0, "msg": "success", "data": data})


def refusal(status: int, data: Any, http_status: int = 200) -> Answer:
    return envelope({"status": status, "msg": "请求参数错误", "data": data}, http_status)


def envelope(document: Any, http_status: int = 200) -> Answer:
    body = json.dumps(document, ensure_ascii=False).encode("utf-8")
    return Answer(http_status, body, {"Content-Type": "application/json", "X-Request-Id": "req-of-header"})


class Gateway:
    """Serves on a free port of the loopback between `with` and its end."""

    def __init__(self, answer: Optional[Callable[[Received], Answer]] = None) -> None:
        self.received: List[Received] = []
        self.answer = answer or (lambda request: ok({"success": True}))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Gateway:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Received(self.command, self.path, self.headers, body)
                gateway.received.append(request)
                answer = gateway.answer(request)
                self.send_response(answer.http_status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = _serve

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
