"""The documented Flask example of an ERP's receiving side, with its check of the signature switched on.

Beside the document's check, each push is verified with the package `standardwebhooks`. What came in is said on
standard output, one JSON line a push; the program ends when its standard input does.
"""

import json
import sys
import threading

from flask import Flask, jsonify, request
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug.serving import make_server

sys.path.insert(0, sys.argv[1])
from auth import ASign, Credential  # noqa: E402  (the SDK lies where the argument says)

enterprise_code, app_id, app_secret = sys.argv[2:5]

app = Flask(__name__)

credential = Credential(enterprise_code=enterprise_code, app_id=app_id, app_secret=app_secret)
webhook = Webhook(app_secret.encode())


def verify_signature(signature_header, request_body, credential):
    """验证签名"""
    try:
        # 计算签名
        expected_signature = ASign.get_hex_signature(credential, request_body)
        return signature_header == expected_signature
    except Exception as e:
        print(f"签名验证异常: {e}", file=sys.stderr)
        return False


def verify_webhook(request_body):
    try:
        return webhook.verify(request_body, dict(request.headers)) == json.loads(request_body)
    except WebhookVerificationError:
        return False


@app.route("/odoo/api/workflow/receive", methods=["POST"])
@app.route("/odoo/api/workflow/approval/log", methods=["POST"])
def receive_workflow():
    signature_header = request.headers.get("A-Signature")
    request_body = request.get_data(as_text=True)
    signed = verify_signature(signature_header, request_body, credential)
    standard = verify_webhook(request_body)
    said = {"path": request.path, "signed": signed, "standard": standard, "body": request.get_json()}
    print(json.dumps(said, ensure_ascii=False), flush=True)
    if not signed:
        return jsonify({"status": -4002, "msg": "签名验证失败"}), 403
    return jsonify({"status": 0, "msg": "success", "data": {"success": True}})


server = make_server("127.0.0.1", 0, app)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"port {server.server_port}", flush=True)
sys.stdin.read()
