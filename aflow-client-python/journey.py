"""The documented journey of one order, told from every side: `python3 journey.py URL --dingtalk URL`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, List, NamedTuple, Optional

import requests

from aflow import AFlowClient, AFlowError
from auth import Credential

Json = Dict[str, Any]

SHANGHAI = timezone(timedelta(hours=8))
PATIENCE_SECONDS = 15
QUIET_SECONDS = 2


class NotAsPromised(Exception):
    """Says in one sentence what is missing."""


def main() -> int:
    arguments = parse_arguments()
    client = AFlowClient(arguments.gateway, arguments.credential)
    dingtalk = DingTalk(arguments.dingtalk) if arguments.dingtalk else None
    try:
        Journey(client, dingtalk).walk()
    except NotAsPromised as broken:
        print(f"\nNot as promised: {broken}")
    except AFlowError as refused:
        print(f"\nNot as promised: aiflow refused. {refused}")
    except requests.RequestException as silent:
        print(f"\nNot as promised: nobody answered as expected. {silent}")
    except (AttributeError, KeyError, TypeError) as strange:
        print(f"\nNot as promised: an answer has another shape than documented. {strange!r}")
    else:
        print("\nEverything is as promised.")
        return 0
    return 1


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Walks the documented journey of one order through a running aiflow.")
    parser.add_argument("gateway", help="for example http://127.0.0.1:7020")
    parser.add_argument("--dingtalk", help="the fake DingTalk, for example http://127.0.0.1:7030")
    parser.add_argument(
        "--credential",
        type=parse_credential,
        default="COMPANY001/APP001/your_app_secret",
        help="enterprise/application/secret (default: %(default)s)",
    )
    return parser.parse_args()


def parse_credential(text: str) -> Credential:
    # argparse would print the whole text, and with it the secret, for any other exception.
    try:
        enterprise_code, app_id, app_secret = text.split("/", 2)
        return Credential(enterprise_code, app_id, app_secret)
    except ValueError:
        raise argparse.ArgumentTypeError("write it as enterprise/application/secret") from None


class Journey:
    """One fresh order on its way through the organisation, aiflow and DingTalk."""

    def __init__(self, client: AFlowClient, dingtalk: Optional[DingTalk]) -> None:
        self.client = client
        self.dingtalk = dingtalk
        self.order_id = int(time.time() * 1000)
        self.task_id = f"TASK{self.order_id}"
        self.created = datetime.now(SHANGHAI)

    def walk(self) -> None:
        heading("1. The ERP makes itself known")
        flow_version = self.introduce()

        heading(f"2. The ERP syncs order {self.order_id}, which waits for USER002")
        answer = self.sync(self.open_order())
        require(answer.get("applied") is True, "the new order was not applied")
        require(self.outcome(answer) == "created", "the new task was not created")

        heading("3. What each person sees")
        self.show_lists()
        require(len(self.rows("todo", "USER002")) == 1, "USER002 does not have exactly one to-do for this order")
        require(len(self.rows("initiated", "USER001")) >= 1, "USER001 does not see the order that he started")
        require(len(self.rows("cc", "USER003")) >= 1, "USER003 does not see the order that she got a copy of")

        heading("4. What DingTalk shows")
        inbox = self.look(lambda seen: bool(seen.messages and seen.todos))
        self.show_inbox(inbox)
        if inbox:
            require(len(inbox.messages) >= 1, f"DingTalk got no message about this order in {PATIENCE_SECONDS} s")
            require(len(inbox.todos) == 1, "DingTalk does not have exactly one to-do for this order")
            require(not is_done(inbox.todos[0]), "the DingTalk to-do is done before anybody did it")

        heading("5. The ERP sends all of it again: nothing is added")
        require(self.introduce() == flow_version, "the same flow again became another version")
        answer = self.sync(self.open_order())
        require(answer.get("applied") is False, "the same order again was applied again")
        require(answer.get("reason") == "UNCHANGED", "the same order again was not answered as UNCHANGED")
        require(len(self.rows("todo", "USER002")) == 1, "the same order again changed USER002's to-do list")
        again = self.look(lambda seen: True)
        if inbox and again:
            print(f"DingTalk: {again.counts()}, before {inbox.counts()}")
            require(again.counts() == inbox.counts(), "the same order again reached DingTalk again")

        heading("6. USER002 has passed it in the ERP, which syncs the task as over")
        answer = self.sync(self.finished_order())
        require(answer.get("applied") is True, "the finished order was not applied")
        require(self.outcome(answer) == "closed", "the finished task was not closed")
        self.show_lists()
        require(not self.rows("todo", "USER002"), "USER002 still has a to-do for this order")
        require(len(self.rows("done", "USER002")) >= 1, "USER002 does not see the order among the handled ones")
        inbox = self.look(lambda seen: all(map(is_done, seen.todos)))
        self.show_inbox(inbox)
        if inbox:
            require(len(inbox.todos) == 1, "DingTalk does not have exactly one to-do for this order any more")
            require(is_done(inbox.todos[0]), f"the DingTalk to-do was not done in {PATIENCE_SECONDS} s")

    # ---- What the ERP sends. ----

    def introduce(self) -> int:
        """Syncs departments, people and the flow; answers the flow's version."""
        for name, counts in (
            ("departments", self.client.sync_departments(DEPARTMENTS)),
            ("people", self.client.sync_users(PEOPLE)),
        ):
            show(name, counts)
            require(counts.get("failCount") == 0, f"some {name} were not taken")
        made = self.client.create_third_party(FLOW)
        show("flow", made)
        online = self.client.online_third_party(FLOW["flowCode"], made["flowVersion"], "初始版本上线")
        show("flow online", online)
        return made["flowVersion"]

    def sync(self, order: Json) -> Json:
        answer = self.client.sync_task(order)
        show("answer", answer)
        return answer

    def outcome(self, answer: Json) -> Optional[str]:
        return next((task["outcome"] for task in answer.get("tasks", []) if task.get("taskId") == self.task_id), None)

    def open_order(self) -> Json:
        return self.order(
            {"orderStatus": "ing", "orderResult": "ing", "version": 1, "updateTime": wire(self.created)},
            {"taskStatus": "new", "taskResult": "new"},
        )

    def finished_order(self) -> Json:
        later = wire(self.created + timedelta(minutes=1))
        return self.order(
            {"orderStatus": "over", "orderResult": "pass", "version": 2, "updateTime": later},
            {"taskStatus": "over", "taskResult": "pass", "handleTime": later},
        )

    def order(self, state: Json, task_state: Json) -> Json:
        task = {
            "taskId": self.task_id,
            "taskName": "部门经理审批",
            "assigneeUserCode": ["USER002"],
            "deadLine": wire(self.created + timedelta(days=1)),
            "nodeType": "audit",
            "showPc": True,
            "showMobile": True,
        }
        return {
            "orderId": self.order_id,
            "flowCode": FLOW["flowCode"],
            "initiator": "USER001",
            "businessKey": f"SALES_ORDER_{self.order_id}",
            "createTime": wire(self.created),
            "ccUsers": [{"userCode": "USER003", "ccTime": wire(self.created)}],
            **state,
            "tasks": [{**task, **task_state}],
        }

    # ---- What people see. ----

    def show_lists(self) -> None:
        for which, user_code, title in (
            ("todo", "USER002", "USER002's to-do list"),
            ("done", "USER002", "USER002's handled list"),
            ("initiated", "USER001", "USER001's own orders"),
            ("cc", "USER003", "USER003's copies"),
        ):
            show_entries(f"{title}, this order", self.rows(which, user_code))

    def rows(self, which: str, user_code: str) -> List[Json]:
        """Reads a person's whole list and keeps what is about this order."""
        client = self.client
        read = {"todo": client.todo, "done": client.done, "initiated": client.initiated, "cc": client.cc}
        kept: List[Json] = []
        for page in range(1, 1_000):
            rows = rows_of(read[which](user_code, page=page, size=100))
            kept += [row for row in rows if str(row.get("orderId")) == str(self.order_id)]
            if len(rows) < 100:
                return kept
        raise NotAsPromised(f"{user_code}'s list has no end")

    # ---- What DingTalk shows. ----

    def look(self, is_settled: Callable[[Inbox], bool]) -> Optional[Inbox]:
        """Waits until the inbox is settled or patience ends, then a little more, so that a surplus push is seen too."""
        if not self.dingtalk:
            return None
        until = time.monotonic() + PATIENCE_SECONDS
        while not is_settled(self.dingtalk.inbox(self.order_id)) and time.monotonic() < until:
            time.sleep(0.25)
        time.sleep(QUIET_SECONDS)
        return self.dingtalk.inbox(self.order_id)

    def show_inbox(self, inbox: Optional[Inbox]) -> None:
        if not inbox:
            print("(no --dingtalk given, not looked at)")
            return
        show_entries("DingTalk messages, this order", inbox.messages)
        show_entries("DingTalk to-dos, this order", inbox.todos)


class Inbox(NamedTuple):
    messages: List[Json]
    todos: List[Json]

    def counts(self) -> str:
        return f"{len(self.messages)} message(s) and {len(self.todos)} to-do(s)"


class DingTalk:
    """The fake DingTalk's own page of what it was sent."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")

    def inbox(self, order_id: int) -> Inbox:
        response = requests.get(f"{self.address}/_inbox", timeout=10)
        response.raise_for_status()
        everything = response.json()

        def about_this_order(name: str) -> List[Json]:
            # The order's number is in the link, in the business key or in the text: anywhere will do.
            return [each for each in everything.get(name) or [] if str(order_id) in json.dumps(each)]

        return Inbox(about_this_order("messages"), about_this_order("todos"))


def is_done(todo: Json) -> bool:
    return str(todo.get("done")).lower() in ("true", "1")


def rows_of(page: Any) -> List[Json]:
    """Finds the rows of a list answer, whatever the list is called there."""
    if isinstance(page, list):
        return page
    lists = [value for value in page.values() if isinstance(value, list)]
    require(bool(lists), f"a list was answered without a list: {in_short(page)}")
    return lists[0]


def require(kept: bool, sentence: str) -> None:
    if not kept:
        raise NotAsPromised(sentence)


# ---- Printing. ----


def heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def show(name: str, answer: Any) -> None:
    print(f"{name}: {in_short(answer)}")


def show_entries(title: str, entries: List[Json]) -> None:
    print(f"{title}: {len(entries) or 'nothing'}")
    for entry in entries:
        for name, value in entry.items():
            lines = in_short(value).splitlines() or [""]
            print(f"    {name}: " + "\n        ".join(lines))
        print()


def in_short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def wire(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


# ---- The document's examples as data; USER003 is ours, because example 4.1 names her. ----

DEPARTMENTS = [
    {"deptId": "DEPT001", "deptName": "技术部", "parentId": "", "orderNum": 100, "status": 1},
    {"deptId": "DEPT002", "deptName": "开发组", "parentId": "DEPT001", "orderNum": 101, "status": 1},
]


def person(user_id: str, name: str, email: str, mobile: str, dept_id: str, supervisor: str) -> Json:
    return {
        "userId": user_id,
        "userName": name,
        "realName": name,
        "email": email,
        "mobile": mobile,
        "deptId": dept_id,
        "personnelType": 1,
        "directSupervisor": supervisor,
        "status": 1,
    }


PEOPLE = [
    person("USER001", "张三", "zhangsan@example.com", "13800138000", "DEPT001", ""),
    person("USER002", "李四", "lisi@example.com", "13800138001", "DEPT002", "USER001"),
    person("USER003", "王五", "wangwu@example.com", "13800138002", "DEPT002", "USER001"),
]

FLOW: Json = {
    "flowCode": "SALES_ORDER",
    "title": "销售订单审批流程",
    "initiateUrl": {
        "h5Url": "https://odoo.example.com/h5/sales/apply",
        "webUrl": "https://odoo.example.com/web/sales/apply",
    },
    "detailUrl": {
        "h5Url": "https://odoo.example.com/h5/sales/detail",
        "webUrl": "https://odoo.example.com/web/sales/detail",
    },
    "groupId": "GROUP001",
    "managerUserCode": "USER001",
    "operationUserCode": "USER002",
    "configUserCode": "USER003",
    "createBy": "USER001",
    "allowedApplyTerminals": ["pc", "mobile"],
    "allowedApplyRule": {"allowedApplyType": "all"},
    "allowedManageRule": {"allowedApplyType": "all"},
}


if __name__ == "__main__":
    sys.exit(main())
