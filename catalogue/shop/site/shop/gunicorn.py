"""How gunicorn serves it. The health check asks every few seconds; nobody wants to read that."""

from gunicorn.glogging import Logger

bind = "0.0.0.0:8080"
# One process: two would be in each other's way in the index of products.
workers = 1
threads = 8
worker_tmp_dir = "/tmp"
control_socket_disable = True
max_requests = 2000
max_requests_jitter = 200
graceful_timeout = 20
timeout = 60
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s %(D)s us'


class logger_class(Logger):  # gunicorn's name for it
    """Leaves out the health check."""

    def access(self, resp, req, environ, request_time):
        if environ.get("PATH_INFO") != "/.well-known/berth/health":
            super().access(resp, req, environ, request_time)
