"""A hub and a subscriber of WebSub by Flask-WebSub, on a port of 127.0.0.1 that is printed first.

Standard input: a topic's address a line; the subscriber finds its hub there and subscribes. Standard output: a JSON object a
line: {"subscribed": TOPIC}, {"news": TOPIC, "body": TEXT}. Ends with its input.
"""

import gzip
import json
import logging
import os
import sys
import tempfile
import threading

from celery import Celery
from flask import Flask
from flask_websub.hub import Hub, SQLite3HubStorage
from flask_websub.subscriber import (SQLite3SubscriberStorage, SQLite3TempSubscriberStorage, Subscriber, discover)
from werkzeug.serving import make_server

logging.disable(logging.WARNING)
folder = tempfile.TemporaryDirectory()
tasks = Celery("hub")
tasks.conf.task_always_eager = True
app = Flask("hub")
app.config["PUBLISH_SUPPORTED"] = True


def at(name):
    return os.path.join(folder.name, name)


def say(**what):
    print(json.dumps(what), flush=True)


hub = Hub(SQLite3HubStorage(at("hub")), tasks, MAX_ATTEMPTS=1)
app.register_blueprint(hub.build_blueprint("/hub"))
subscriber = Subscriber(SQLite3SubscriberStorage(at("subscriptions")), SQLite3TempSubscriberStorage(at("wanted")))
app.register_blueprint(subscriber.build_blueprint("/callbacks"))


@subscriber.add_listener
def listen(topic, _, body):
    # The hub passes on what it decoded, with a header that says otherwise.
    text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    say(news=topic, body=text.decode())


subscriber.add_success_handler(lambda topic, *_: say(subscribed=topic))
subscriber.add_error_handler(lambda topic, _, reason: say(refused=topic, reason=reason))

server = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.port, flush=True)
for line in sys.stdin:
    with app.test_request_context(base_url=f"http://127.0.0.1:{server.port}/"):
        subscriber.subscribe(**discover(line.strip()))
