"""The documented examples go through, and the script says which one did not."""

import contextlib
import io
import unittest

from auth import ASign, Credential
from tests import documented
from tests.gateway import Gateway, ok, refusal

CREDENTIAL = Credential("COMPANY001", "APP001", "your_app_secret")
COUNTS = {"successCount": 1, "failCount": 0, "failDetails": []}


def answer(request):
    if not ASign.verify(CREDENTIAL, request.signature, request.body, target=request.target):
        return refusal(-4002, {"errorCode": "SIGNATURE_INVALID"}, 403)
    return ok(COUNTS if "/sys/sync/" in request.path else {"flowCode": "SALES_ORDER", "flowVersion": 1, "success": True})


class DocumentedTest(unittest.TestCase):
    def run_against(self, answer):
        printed = io.StringIO()
        with Gateway(answer) as gateway, contextlib.redirect_stdout(printed):
            code = documented.main([gateway.address])
        return code, printed.getvalue(), [request.path.split("/aflow/api/")[1] for request in gateway.received]

    def test_the_examples_run_in_order(self):
        code, printed, paths = self.run_against(answer)
        self.assertEqual(code, 0, printed)
        self.assertEqual(
            paths,
            [
                "sys/sync/department",
                "sys/sync/department",
                "sys/sync/user",
                "sys/sync/user",
                "flow/create_third_party",
                "flow/online_third_party",
                "order/sync/task",
            ],
        )
        for line in ("成功: 1, 失败: 0", "流程编码: SALES_ORDER, 版本: 1", "流程上线成功", "任务同步成功"):
            self.assertIn(line, printed)

    def test_a_refusal_is_named(self):
        for part, title in (("online", "4.2"), ("sync/department", "1.1"), ("sync/user", "2.2"), ("sync/task", "4.3")):
            with self.subTest(title):
                refuse = refusal(-4001, {"errorCode": "WRONG_STATE"})
                code, printed, _ = self.run_against(lambda request: refuse if part in request.path else answer(request))
                self.assertEqual(code, 1)
                self.assertIn(f"FAILED: {title}", printed)
                self.assertIn("WRONG_STATE", printed)

    def test_a_failed_row_is_a_failure(self):
        failed = ok({"successCount": 0, "failCount": 1, "failDetails": [{"code": "DEPT_NOT_FOUND"}]})
        code, printed, _ = self.run_against(lambda request: failed if "sync/user" in request.path else answer(request))
        self.assertEqual(code, 1)
        self.assertIn("DEPT_NOT_FOUND", printed)
