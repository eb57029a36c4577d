// A reverse proxy as small as it can be, for tests: node tests/proxy.mjs PORT UPSTREAM. It passes everything on unchanged
// and adds the address that a request came from to X-Forwarded-For, as every real one does.
import http from "node:http";

const [port, upstream] = process.argv.slice(2);

function forward(request, response) {
  const from = request.socket.remoteAddress;
  const before = request.headers["x-forwarded-for"];
  const headers = { ...request.headers, "x-forwarded-for": before ? `${before}, ${from}` : from };
  const target = new URL(request.url, upstream);
  const onward = http.request(target, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.writeHead(502).end());
  request.pipe(onward);
}

http.createServer(forward).listen(Number(port), "127.0.0.1");
