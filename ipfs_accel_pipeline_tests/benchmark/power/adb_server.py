"""A stand-in for an adb server: speaks its protocol to the real adbutils and answers shell commands from a function."""

import socketserver
import threading

SERIAL = "STANDIN01"


class AdbServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, shell):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.shell = shell

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    @property
    def port(self):
        return self.server_address[1]


class _Connection(socketserver.BaseRequestHandler):
    def handle(self):
        while command := self._command():
            if command == "host:version":
                return self._okay(b"0029")
            if command.startswith("host:devices"):
                return self._okay(f"{SERIAL}\tdevice\n".encode())
            if command.startswith("host:tport:"):
                self.request.sendall(b"OKAY" + (1).to_bytes(8, "little"))
            elif command.startswith("host:transport"):
                self.request.sendall(b"OKAY")
            elif command.startswith("shell"):
                return self.request.sendall(b"OKAY" + self.server.shell(command.partition(":")[2]).encode())
            else:
                return self.request.sendall(b"FAIL0007unknown")

    def _command(self):
        size = self._exactly(4)
        return self._exactly(int(size, 16)).decode() if size else None

    def _exactly(self, count):
        received = b""
        while len(received) < count and (part := self.request.recv(count - len(received))):
            received += part
        return received

    def _okay(self, answer):
        self.request.sendall(b"OKAY" + b"%04x" % len(answer) + answer)
