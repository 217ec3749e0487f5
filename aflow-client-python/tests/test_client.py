"""Every method reaches its documented address, signed for what really went onto the wire."""

import json
import unittest

from aflow import AFlowClient, AFlowError
from auth import ASign, Credential
from tests.gateway import Answer, Gateway, envelope, ok, refusal

CREDENTIAL = Credential("COMPANY001", "APP001", "your_app_secret")

FILE = {"name": "合同.pdf", "url": "https://erp.example.com/files/1"}

CALLS = [
    (lambda c: c.sync_departments([{"deptId": "D"}]), "POST /aflow/api/sys/sync/department", {"departments": [{"deptId": "D"}]}),
    (
        lambda c: c.sync_departments([{"deptId": "D", "managerUserIds": ["U"]}]),
        "POST /aflow/api/sys/sync/department",
        {"departments": [{"deptId": "D", "managerUserIds": ["U"]}]},
    ),
    (
        lambda c: c.sync_users([{"userId": "U", "title": "总监", "roles": ["finance"]}]),
        "POST /aflow/api/sys/sync/user",
        {"users": [{"userId": "U", "title": "总监", "roles": ["finance"]}]},
    ),
    (lambda c: c.sync_departments([], any_order=True), "POST /aflow/api/sys/sync/department", {"departments": [], "anyOrder": True}),
    (lambda c: c.sync_users([{"userId": "U"}]), "POST /aflow/api/sys/sync/user", {"users": [{"userId": "U"}]}),
    (lambda c: c.bind("U", phone_number="138"), "POST /aflow/api/auth/bind", {"customUserCode": "U", "phoneNumber": "138"}),
    (lambda c: c.bind("U", link_user_code="d"), "POST /aflow/api/auth/bind", {"customUserCode": "U", "linkUserCode": "d"}),
    (lambda c: c.department_tree(), "GET /aflow/api/sys/department/tree", None),
    (lambda c: c.user_page(), "GET /aflow/api/sys/user/page", None),
    (lambda c: c.user_page(dept_id="D", keyword="李 四&x", page=1, size=20), "GET /aflow/api/sys/user/page?deptId=D&keyword=%E6%9D%8E%20%E5%9B%9B%26x&page=1&size=20", None),
    (lambda c: c.create_third_party({"flowCode": "F"}), "POST /aflow/api/flow/create_third_party", {"flowCode": "F"}),
    (lambda c: c.online_third_party("F"), "POST /aflow/api/flow/online_third_party", {"flowCode": "F"}),
    (lambda c: c.online_third_party("F", 1, "上线"), "POST /aflow/api/flow/online_third_party", {"flowCode": "F", "flowVersion": 1, "updateDesc": "上线"}),
    (lambda c: c.sync_task({"orderId": 1}), "POST /aflow/api/order/sync/task", {"orderId": 1}),
    (lambda c: c.check_orders([{"orderId": 1}]), "POST /aflow/api/order/check", {"orders": [{"orderId": 1}]}),
    (lambda c: c.approval_log(1, "K", []), "POST /aflow/api/order/approval/log", {"orderId": 1, "businessKey": "K", "logs": []}),
    (lambda c: c.todo("USER002"), "GET /aflow/api/task/todo?userCode=USER002", None),
    (lambda c: c.todo("U", page=2, size=100, keyword="a+b", flow_code="F", terminal="pc", sort="deadLine"), "GET /aflow/api/task/todo?userCode=U&page=2&size=100&keyword=a%2Bb&flowCode=F&terminal=pc&sort=deadLine", None),
    (lambda c: c.done("U"), "GET /aflow/api/task/done?userCode=U", None),
    (lambda c: c.cc("U"), "GET /aflow/api/task/cc?userCode=U", None),
    (lambda c: c.initiated("U"), "GET /aflow/api/task/initiated?userCode=U", None),
    (lambda c: c.summary("U"), "GET /aflow/api/task/summary?userCode=U", None),
    (lambda c: c.order_detail(1), "GET /aflow/api/order/detail?orderId=1", None),
    (lambda c: c.order_detail("9007199254740993", user_code="U"), "GET /aflow/api/order/detail?orderId=9007199254740993&userCode=U", None),
    (lambda c: c.mark_read("T", "U"), "POST /aflow/api/task/read", {"taskId": "T", "userCode": "U"}),
    (lambda c: c.create_flow({"flowCode": "F"}), "POST /aflow/api/flow/create", {"flowCode": "F"}),
    (lambda c: c.update_flow({"flowCode": "F"}), "PUT /aflow/api/flow/update", {"flowCode": "F"}),
    (lambda c: c.publish_flow("F", 2), "POST /aflow/api/flow/publish", {"flowCode": "F", "flowVersion": 2}),
    (lambda c: c.sync_form("S", "表", {"components": []}, "CREATE"), "POST /aflow/api/form/sync", {"formCode": "S", "formName": "表", "formSchema": {"components": []}, "syncType": "CREATE"}),
    (lambda c: c.start_order("F", "U"), "POST /aflow/api/order/start", {"flowCode": "F", "initiator": "U"}),
    (lambda c: c.start_order("F", "U", process_id="P", business_key="K", title="T", form_data={}, variables={"n": 0}), "POST /aflow/api/order/start", {"flowCode": "F", "processId": "P", "initiator": "U", "businessKey": "K", "title": "T", "formData": {}, "variables": {"n": 0}}),
    (lambda c: c.cancel_order(1, "U", "r"), "POST /aflow/api/order/cancel", {"orderId": 1, "userCode": "U", "reason": "r"}),
    (lambda c: c.order_tasks(order_id=1), "GET /aflow/api/order/tasks?orderId=1", None),
    (lambda c: c.order_tasks(process_id="P"), "GET /aflow/api/order/tasks?processId=P", None),
    (lambda c: c.complete_task("T", "U", "pass"), "POST /aflow/api/task/complete", {"taskId": "T", "userCode": "U", "action": "pass"}),
    (lambda c: c.complete_task("T", "U", "pass", comment="好", form_data={}, variables={}, bpmn_error_code="E"), "POST /aflow/api/task/complete", {"taskId": "T", "userCode": "U", "action": "pass", "comment": "好", "formData": {}, "variables": {}, "bpmnErrorCode": "E"}),
    (lambda c: c.complete_task("T", "U", "rebut", target="node", activity_id="A", straight_back=True), "POST /aflow/api/task/complete", {"taskId": "T", "userCode": "U", "action": "rebut", "target": "node", "activityId": "A", "straightBack": True}),
    (lambda c: c.pass_task("T", "U"), "POST /aflow/api/task/pass", {"taskId": "T", "userCode": "U"}),
    (lambda c: c.pass_task("T", "U", comment="好", attachments=[FILE], form_data={}, variables={}, bpmn_error_code="E", next_people={"n": ["V"]}), "POST /aflow/api/task/pass", {"taskId": "T", "userCode": "U", "comment": "好", "attachments": [FILE], "formData": {}, "variables": {}, "bpmnErrorCode": "E", "nextPeople": {"n": ["V"]}}),
    (lambda c: c.reject_task("T", "U", comment="不", form_data={}, bpmn_error_code="E"), "POST /aflow/api/task/reject", {"taskId": "T", "userCode": "U", "comment": "不", "formData": {}, "bpmnErrorCode": "E"}),
    (lambda c: c.rebut_task("T", "U"), "POST /aflow/api/task/rebut", {"taskId": "T", "userCode": "U"}),
    (lambda c: c.rebut_task("T", "U", target="node", activity_id="A", straight_back=False, form_data={}), "POST /aflow/api/task/rebut", {"taskId": "T", "userCode": "U", "target": "node", "activityId": "A", "straightBack": False, "formData": {}}),
    (lambda c: c.transfer_task("T", "U", "V", comment="忙"), "POST /aflow/api/task/transfer", {"taskId": "T", "userCode": "U", "to": "V", "comment": "忙"}),
    (lambda c: c.delegate_task("T", "U", "V"), "POST /aflow/api/task/delegate", {"taskId": "T", "userCode": "U", "to": "V"}),
    (lambda c: c.add_sign("T", "U", "before", ["V"]), "POST /aflow/api/task/add_sign", {"taskId": "T", "userCode": "U", "place": "before", "people": ["V"]}),
    (lambda c: c.remove_sign("T", "U", ["V"]), "POST /aflow/api/task/remove_sign", {"taskId": "T", "userCode": "U", "people": ["V"]}),
    (lambda c: c.claim_task("T", "U"), "POST /aflow/api/task/claim", {"taskId": "T", "userCode": "U"}),
    (lambda c: c.release_task("T", "U"), "POST /aflow/api/task/release", {"taskId": "T", "userCode": "U"}),
    (lambda c: c.take_back("T", "U"), "POST /aflow/api/task/take_back", {"taskId": "T", "userCode": "U"}),
    (lambda c: c.copy("U", ["V"], task_id="T", comment="知悉"), "POST /aflow/api/task/copy", {"taskId": "T", "userCode": "U", "people": ["V"], "comment": "知悉"}),
    (lambda c: c.copy("U", ["V"], order_id=1), "POST /aflow/api/task/copy", {"orderId": 1, "userCode": "U", "people": ["V"]}),
    (lambda c: c.urge("U", order_id=1, comment="急"), "POST /aflow/api/task/urge", {"orderId": 1, "userCode": "U", "comment": "急"}),
    (lambda c: c.comment("U", "看", task_id="T", mentions=["V"], attachments=[FILE]), "POST /aflow/api/task/comment", {"taskId": "T", "userCode": "U", "comment": "看", "mentions": ["V"], "attachments": [FILE]}),
    (lambda c: c.recall_order(1, "U", reason="错"), "POST /aflow/api/order/recall", {"orderId": 1, "userCode": "U", "reason": "错"}),
    (lambda c: c.return_targets("T"), "GET /aflow/api/task/return_targets?taskId=T", None),
    (lambda c: c.forecast(1, user_code="U"), "GET /aflow/api/order/forecast?orderId=1&userCode=U", None),
    (lambda c: c.absence("U"), "GET /aflow/api/user/absence?userCode=U", None),
    (lambda c: c.set_absence({"userCode": "U"}), "POST /aflow/api/user/absence", {"userCode": "U"}),
    (lambda c: c.cancel_absence({"userCode": "U"}), "POST /aflow/api/user/absence/cancel", {"userCode": "U"}),
    (lambda c: c.hand_over({"from": "U", "to": "V"}), "POST /aflow/api/task/handover", {"from": "U", "to": "V"}),
    (lambda c: c.send_message("M", business_key="K"), "POST /aflow/api/flow/message", {"name": "M", "businessKey": "K"}),
    (lambda c: c.send_signal("S", variables={"a": 1}), "POST /aflow/api/flow/signal", {"name": "S", "variables": {"a": 1}}),
    (lambda c: c.order_variables(1), "GET /aflow/api/order/variables?orderId=1", None),
    (lambda c: c.set_order_variables(1, {"a": None}), "PUT /aflow/api/order/variables?orderId=1", {"variables": {"a": None}}),
    (lambda c: c.order_history(order_id=1), "GET /aflow/api/order/history?orderId=1", None),
    (lambda c: c.get("/aflow/api/x", odd="~!*'()[]/?#%25é", gone=None), "GET /aflow/api/x?odd=~%21%2A%27%28%29%5B%5D%2F%3F%23%2525%C3%A9", None),
]


class AddressTest(unittest.TestCase):
    def test_each_method_sends_what_is_documented_and_signs_what_it_sends(self):
        with Gateway() as gateway:
            client = AFlowClient(gateway.address + "/", CREDENTIAL)
            for call, target, body in CALLS:
                with self.subTest(target):
                    self.assertEqual(call(client), {"success": True})
                    request = gateway.received[-1]
                    self.assertEqual(request.target, target)
                    self.assertEqual(json.loads(request.body) if request.body else None, body)
                    ASign.check(CREDENTIAL, request.signature, request.body, target=request.target, require_timestamp=True)
            self.assertEqual(len(gateway.received), len(CALLS))
            nonces = {json.loads(bytes.fromhex(request.signature))["nonce"] for request in gateway.received}
            self.assertEqual(len(nonces), len(CALLS))

    def test_the_body_is_utf8_json(self):
        with Gateway() as gateway:
            AFlowClient(gateway.address, CREDENTIAL).sync_departments([{"deptName": "技术部"}])
            request = gateway.received[0]
            self.assertEqual(request.headers["Content-Type"], "application/json")
            self.assertIn("技术部".encode("utf-8"), request.body)

    def test_below_a_path_the_target_is_the_whole_path(self):
        with Gateway() as gateway:
            AFlowClient(gateway.address + "/centre", CREDENTIAL).todo("U")
            request = gateway.received[0]
            self.assertEqual(request.path, "/centre/aflow/api/task/todo?userCode=U")
            ASign.check(CREDENTIAL, request.signature, b"", target=request.target)

    def test_untimed_requests_are_signed_as_documented(self):
        with Gateway() as gateway:
            client = AFlowClient(gateway.address, CREDENTIAL, timed=False)
            client.sync_task({"orderId": 1})
            client.todo("USER002")
            first, second = gateway.received
            self.assertEqual(first.signature, ASign.get_hex_signature(CREDENTIAL, first.body))
            self.assertEqual(second.signature, ASign.get_hex_signature(CREDENTIAL, None, target=second.target))

    def test_an_unknown_filter_is_not_sent(self):
        with self.assertRaises(TypeError):
            AFlowClient("http://127.0.0.1:1", CREDENTIAL).todo("U", flowcode="F")


class AnswerTest(unittest.TestCase):
    def test_data_is_handed_over_as_it_is(self):
        for data in ({"a": 1}, [1], None, "text"):
            with Gateway(lambda request: ok(data)) as gateway:
                self.assertEqual(AFlowClient(gateway.address, CREDENTIAL).summary("U"), data)

    def test_a_refusal_carries_everything(self):
        details = [{"field": "departments[0].deptId", "message": "不能为空"}]
        data = {"errorCode": "INVALID_PARAMETER", "errorMessage": "部门ID不能为空", "errorDetails": details, "requestId": "req-1"}
        error = self.refused(refusal(-4002, data))
        self.assertEqual((error.status, error.error_code, error.http_status), (-4002, "INVALID_PARAMETER", 200))
        self.assertEqual((error.message, error.details, error.request_id), ("部门ID不能为空", details, "req-1"))
        self.assertIn("departments[0].deptId", str(error))

    def test_a_refused_signature(self):
        error = self.refused(refusal(-4002, {"errorCode": "SIGNATURE_INVALID", "errorMessage": "签名无效"}, 403))
        self.assertEqual((error.error_code, error.http_status, error.request_id), ("SIGNATURE_INVALID", 403, "req-of-header"))

    def test_an_error_without_data(self):
        error = self.refused(refusal(-1024, None, 500))
        self.assertEqual((error.status, error.error_code, error.message, error.details), (-1024, "UNKNOWN", "请求参数错误", []))

    def test_status_0_counts_only_with_http_200(self):
        error = self.refused(envelope({"status": 0, "msg": "success", "data": {}}, 500))
        self.assertEqual((error.status, error.http_status), (0, 500))

    def test_what_is_not_an_envelope(self):
        pages = [b"<html>Bad gateway</html>", b"", b"[]", b"{}", b'{"status":"0"}', b'{"status":false}', b"\xff"]
        for page in pages:
            for http_status in (200, 502):
                error = self.refused(Answer(http_status, page, {}))
                self.assertEqual((error.status, error.error_code, error.http_status), (None, "NOT_AN_ENVELOPE", http_status))

    def test_a_redirect_is_not_followed(self):
        with Gateway() as elsewhere:
            self.refused(Answer(307, b"", {"Location": elsewhere.address + "/stolen"}))
            self.assertEqual(elsewhere.received, [])

    def refused(self, answer):
        with Gateway(lambda request: answer) as gateway, self.assertRaises(AFlowError) as refused:
            AFlowClient(gateway.address, CREDENTIAL).sync_task({"orderId": 1})
        return refused.exception
