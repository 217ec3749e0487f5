#!/usr/bin/env python3
"""Other people's DingTalk clients against a running fake: do they find what they expect?

    python3 -m venv v && v/bin/pip install dingtalk-sdk==1.3.8 alibabacloud-dingtalk==2.2.65
    fake-dingtalk --port 7030 &
    v/bin/python crosscheck.py [http://127.0.0.1:7030]

It resets the fake, prints `N passed, M failed`, and exits with 1 if anything failed.
"""

import json
import logging
import os
import sys
import time
import urllib.request

BASE = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7030").rstrip("/")
os.environ["NO_PROXY"] = "*"

from alibabacloud_dingtalk.oauth2_1_0 import models as oauth2_models  # noqa: E402
from alibabacloud_dingtalk.oauth2_1_0.client import Client as OAuth2  # noqa: E402
from alibabacloud_dingtalk.todo_1_0 import models as todo_models  # noqa: E402
from alibabacloud_dingtalk.todo_1_0.client import Client as Todo  # noqa: E402
from alibabacloud_tea_openapi.models import Config  # noqa: E402
from alibabacloud_tea_util.models import RuntimeOptions  # noqa: E402
from dingtalk import AppKeyClient  # noqa: E402
from dingtalk.core.exceptions import DingTalkClientException  # noqa: E402
from dingtalk.model.message import LinkBody, MarkdownBody, TextBody  # noqa: E402
from Tea.exceptions import TeaException  # noqa: E402

CORP, KEY, SECRET, AGENT = "dingcorpdemo", "dingdemo", "demo-secret", 1000001
CONVERSATION = "/topapi/message/corpconversation/"

passed, failed = 0, 0
logging.disable(logging.CRITICAL)  # dingtalk-sdk logs every expected refusal


class Fake(AppKeyClient):
    API_BASE_URL = BASE + "/"


def check(name, actual, expected):
    global passed, failed
    if actual == expected:
        passed += 1
    else:
        failed += 1
        print(f"FAILED {name}: expected {expected!r}, got {actual!r}")


def desk(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, data, {"content-type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.load(answer)


def refused_old(call):
    """errcode and the body's sub_code, or None if nobody refused."""
    try:
        call()
    except DingTalkClientException as error:
        return error.errcode, error.response.json().get("sub_code")
    return None


def refused_new(call):
    """HTTP status and code, or None if nobody refused."""
    try:
        call()
    except TeaException as error:
        return error.data["statusCode"], error.code
    return None


def new_client(kind):
    endpoint = BASE.removeprefix("http://")
    return kind(Config(protocol="http", region_id="central", endpoint=endpoint))


def old_api():
    client = Fake(CORP, KEY, SECRET)
    post = client.post

    check("gettoken", len(client.access_token), 32)
    check("token is cached", client.access_token, client.access_token)
    check("one token call", desk("/_calls")["token"]["ok"], 1)
    check("wrong secret", refused_old(Fake(CORP, KEY, "no").get_access_token), (40096, None))
    scopes = client.user.auth_scopes()
    check("auth scopes", scopes["auth_org_scopes"]["authed_dept"], [1])

    top = post("/topapi/v2/department/listsub", {"dept_id": 1})["result"]
    check("listsub", [d["dept_id"] for d in top], [100, 200, 300])
    below = post("/topapi/v2/department/listsubid", {"dept_id": 300})["result"]
    check("listsubid", below, {"dept_id_list": [301]})
    root = post("/topapi/v2/department/get", {"dept_id": 1})["result"]
    check("department/get", root["name"], "演示企业")
    up = post("/topapi/v2/department/listparentbydept", {"dept_id": 301})["result"]
    check("listparentbydept", up["parent_id_list"], [301, 300, 1])
    call = lambda: post("/topapi/v2/department/get", {"dept_id": 999})  # noqa: E731
    check("unknown department", refused_old(call), (60003, None))

    userid = post("/topapi/v2/user/getbymobile", {"mobile": "13800138001"})["result"]["userid"]
    check("getbymobile", userid, "lisi")
    call = lambda: post("/topapi/v2/user/getbymobile", {"mobile": "13999999999"})  # noqa: E731
    check("unknown mobile", refused_old(call), (60121, None))
    person = post("/topapi/v2/user/get", {"userid": "lisi"})["result"]
    check("user/get", (person["name"], person["unionid"]), ("李四", "union-lisi"))
    back = post("/topapi/user/getbyunionid", {"unionid": "union-lisi"})["result"]
    check("getbyunionid", back["userid"], "lisi")

    names, cursor = [], 0
    while True:
        page = {"dept_id": 301, "cursor": cursor, "size": 2}
        page = post("/topapi/v2/user/list", page)["result"]
        names += [person["name"] for person in page["list"]]
        if not page["has_more"]:
            break
        cursor = page["next_cursor"]
    check("user/list in pages", names, ["赵六", "钱七", "孙八"])
    call = lambda: post("/topapi/v2/user/nope", {})  # noqa: E731
    check("unknown method", refused_old(call), (22, None))


def work_notifications():
    client = Fake(CORP, KEY, SECRET)

    def send(body, users="lisi"):
        msg = body if isinstance(body, dict) else body.get_dict()
        args = {"agent_id": AGENT, "userid_list": users, "msg": msg}
        return client.post(CONVERSATION + "asyncsend_v2", args)["task_id"]

    def follow(path, task, name="task_id"):
        return client.post(CONVERSATION + path, {"agent_id": AGENT, name: task})

    def settled(task):
        for _ in range(100):
            progress = follow("getsendprogress", task)["progress"]
            if progress["status"] == 2:
                return follow("getsendresult", task)["send_result"]
            time.sleep(0.06)
        raise SystemExit(f"task {task} was never delivered")

    link = client.message.get_pc_url("https://wf.example.com/t/9?from=ding")
    card = {"title": "新任务", "markdown": "### 采购申请", "single_title": "去处理",
            "single_url": link}
    first = send({"msgtype": "action_card", "action_card": card}, "lisi,ghost")
    result = settled(first)
    check("unknown receiver", result["invalid_user_id_list"], ["ghost"])
    check("unread receiver", result["unread_user_id_list"], ["lisi"])
    seen = desk("/_inbox?userid=lisi")["messages"]
    check("inbox", [(m["title"], m["url"]) for m in seen], [("新任务", link)])

    again = send({"msgtype": "action_card", "action_card": card})
    forbidden = [{"userid": "lisi", "code": "143106", "count": 1}]
    check("duplicate", settled(again)["forbidden_list"], forbidden)
    for body in [TextBody("你好"), MarkdownBody("标题", "- 单号"),
                 LinkBody("https://l", "@lAD", "标题", "文字")]:
        last = send(body)
        check(f"{body._msgtype} arrives", settled(last)["forbidden_list"], [])
    check("inbox of four", len(desk("/_inbox?userid=lisi")["messages"]), 4)
    follow("recall", last, "msg_task_id")
    check("recalled", len(desk("/_inbox?userid=lisi")["messages"]), 3)

    half = {"msgtype": "action_card", "action_card": {"markdown": "a", "single_title": "b"}}
    check("half a card", refused_old(lambda: send(half)), (40035, None))
    nothing = {"agent_id": AGENT, "userid_list": "lisi"}
    call = lambda: client.post(CONVERSATION + "asyncsend_v2", nothing)  # noqa: E731
    check("no msg", refused_old(call), (40, None))
    stranger = {"agent_id": 42, "userid_list": "lisi", "msg": TextBody("你好").get_dict()}
    call = lambda: client.post(CONVERSATION + "asyncsend_v2", stranger)  # noqa: E731
    check("unknown agent", refused_old(call), (40056, None))

    desk("/_knobs", {"revokeToken": True})
    check("revoked token", refused_old(lambda: send(TextBody("再见"))), (88, "40014"))
    # This client refreshes on a bare code but not on one wrapped in 88, as the sheet says.
    scopes = client.user.auth_scopes()
    check("bare code makes it refresh", scopes["errcode"], 0)
    desk("/_knobs", {"globalThrottle": 1})
    check("platform limit", refused_old(lambda: send(TextBody("再见"))), (88, "90002"))
    desk("/_knobs", {"busy": 1})
    check("busy", refused_old(lambda: send(TextBody("再见"))), (-1, None))


def tokens_of_the_new_api():
    client = new_client(OAuth2)
    request = oauth2_models.GetAccessTokenRequest(KEY, SECRET)
    answer = client.get_access_token(request).body
    check("accessToken", (len(answer.access_token), answer.expire_in), (32, 7200))
    unified = oauth2_models.GetTokenRequest(KEY, SECRET, "client_credentials")
    unified = client.get_token(CORP, unified).body
    check("one live token", unified.access_token, answer.access_token)
    check("old host's token", Fake(CORP, KEY, SECRET).access_token, answer.access_token)
    wrong = oauth2_models.GetAccessTokenRequest(KEY, "no")
    call = lambda: client.get_access_token(wrong)  # noqa: E731
    check("wrong secret", refused_new(call), (400, "invalidClientIdOrSecret"))
    call = lambda: client.get_token("nocorp", oauth2_models.GetTokenRequest(KEY, SECRET, "x"))  # noqa: E731
    check("unknown corp", refused_new(call), (500, "unknownError"))
    return answer.access_token


def to_dos(token):
    client, runtime, me = new_client(Todo), RuntimeOptions(), "union-zhangsan"

    def run(call, *args, token=token):
        # `create_todo_task` has its headers in `CreateTodoTaskHeaders`.
        words = call.title().replace("_", "")
        headers = getattr(todo_models, words + "Headers")(x_acs_dingtalk_access_token=token)
        return getattr(client, call + "_with_options")(*args, headers, runtime).body

    def draft(**more):
        urls = todo_models.CreateTodoTaskRequestDetailUrl(
            app_url="https://wf.example.com/m/9", pc_url="https://wf.example.com/t/9")
        ding = todo_models.CreateTodoTaskRequestNotifyConfigs(ding_notify="1")
        field = todo_models.CreateTodoTaskRequestContentFieldList("金额", "1000")
        given = dict(source_id="RW1", subject="采购申请待审批", creator_id=me, operator_id=me,
                     executor_ids=["union-lisi", "union-wangwu"], detail_url=urls, priority=20,
                     due_time=1785924000000, notify_configs=ding, content_field_list=[field])
        return todo_models.CreateTodoTaskRequest(**{**given, **more})

    made = run("create_todo_task", me, draft())
    check("create", (made.source_id, made.done, made.executor_ids),
          ("RW1", False, ["union-lisi", "union-wangwu"]))
    check("create, nested", (made.detail_url.pc_url, made.notify_configs.ding_notify,
                             made.content_field_list[0].field_value, made.due_time),
          ("https://wf.example.com/t/9", "1", "1000", 1785924000000))
    check("list", [t["name"] for t in desk("/_inbox")["todos"]], ["李四", "王五"])

    bad = (400, "todo.taskCreate.paramError")
    check("task exist", refused_new(lambda: run("create_todo_task", me, draft())), bad)
    for name, request in [("no detailUrl", draft(source_id="RW2", detail_url=None)),
                          ("a userid", draft(source_id="RW2", executor_ids=["lisi"])),
                          ("oversize", draft(source_id="RW2", subject="题" * 1025))]:
        check(name, refused_new(lambda: run("create_todo_task", me, request)), bad)

    query = todo_models.QueryOrgTodoTasksRequest(is_done=False, role_types=[["executor"]])
    listed = run("query_org_todo_tasks", "union-lisi", query)
    check("query", [(c.task_id, c.is_done) for c in listed.todo_cards], [(made.id, False)])
    check("query ends", listed.next_token, None)

    status = todo_models.UpdateTodoTaskExecutorStatusRequestExecutorStatusList("union-lisi", True)
    status = todo_models.UpdateTodoTaskExecutorStatusRequest([status], operator_id=me)
    done = run("update_todo_task_executor_status", me, made.id, status)
    check("executorStatus", done.result, True)
    check("one is done", [t["done"] for t in desk("/_inbox")["todos"]], [True, False])
    update = todo_models.UpdateTodoTaskRequest(done=True, subject="已完成", operator_id=me)
    check("update", run("update_todo_task", me, made.id, update).result, True)
    check("all are done", [t["done"] for t in desk("/_inbox")["todos"]], [True, True])
    call = lambda: run("update_todo_task", me, "tasknope", update)  # noqa: E731
    check("unknown task", refused_new(call), (400, "todo.taskUpdate.paramError"))
    delete = todo_models.DeleteTodoTaskRequest(operator_id=me)
    check("delete", run("delete_todo_task", me, made.id, delete).result, True)
    check("deleted", desk("/_inbox")["todos"], [])

    call = lambda: run("create_todo_task", me, draft(), token="stale")  # noqa: E731
    check("bad token", refused_new(call), (400, "InvalidAuthentication"))
    call = lambda: run("create_todo_task", me, draft(), token=None)  # noqa: E731
    check("no token", refused_new(call), (400, "AuthenticationFailed.MissingParameter"))
    desk("/_knobs", {"globalThrottle": 1})
    call = lambda: run("create_todo_task", me, draft(source_id="RW9"))  # noqa: E731
    check("platform limit", refused_new(call), (403, "Forbidden.AccessDenied.QpsLimitForApi"))
    started = time.monotonic()
    codes = [refused_new(lambda: run("query_org_todo_tasks", "union-lisi", query))
             for _ in range(60)]
    over = (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
    # Within one second of real time at most two seconds of the clock are touched: 40 calls.
    if time.monotonic() - started < 1:
        check("over 20 in a second", over in codes, True)
    else:
        print("skipped: 60 calls took longer than a second, so the rate limit shows nothing")


def main():
    desk("/_reset", {})
    old_api()
    work_notifications()
    to_dos(tokens_of_the_new_api())
    desk("/_reset", {})
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
