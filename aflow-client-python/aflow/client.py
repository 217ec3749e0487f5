"""The gateway's documented addresses as methods: signed on the way out, unwrapped on the way back."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Tuple, Union
from urllib.parse import quote, urlencode

import requests

from auth import ASign, Credential

Json = Dict[str, Any]
OrderId = Union[int, str]


class AFlowError(Exception):
    """Says that the gateway refused, or that something else answered in its place.

    status: aiflow's own (-4002 wrong request, -4001 not now, -1024 anything else), None without an envelope.
    error_code: stable, to branch on; NOT_AN_ENVELOPE where the answer was not aiflow's (a proxy's page, say).
    message: one sentence for people. details: [{field, message}], every bad field of the request.
    request_id: what to tell aiflow's operators. http_status: of the HTTP answer.
    """

    def __init__(
        self,
        status: Optional[int],
        error_code: str,
        message: str,
        details: List[Json],
        request_id: Optional[str],
        http_status: int,
    ) -> None:
        super().__init__(status, error_code, message, details, request_id, http_status)
        self.status = status
        self.error_code = error_code
        self.message = message
        self.details = details
        self.request_id = request_id
        self.http_status = http_status

    def __str__(self) -> str:
        where = f"status {self.status}, HTTP {self.http_status}, request {self.request_id}"
        details = f" {json.dumps(self.details, ensure_ascii=False)}" if self.details else ""
        return f"{self.error_code}: {self.message} ({where}){details}"


class AFlowClient:
    """Calls one gateway as one application.

    Every method returns the answer's `data`, or raises AFlowError; where nobody answers, requests' own
    exceptions pass through. Documents (departments, orders, definitions) are dicts with the field names of
    the interface document. "Document" below is the interface document, "contract" is aiflow's api.md.

    Each request carries a fresh timestamp, a fresh nonce and its address in the signature. To repeat it, call
    the method again: a repeated request that is byte for byte the same (a Retry mounted on the session) is
    refused as a replay. With timed=False a body is signed exactly as the document shows, and only a request
    without a body is bound to its address.
    """

    def __init__(
        self,
        base_url: str,
        credential: Credential,
        *,
        timeout: Union[float, Tuple[float, float]] = 30,
        session: Optional[requests.Session] = None,
        timed: bool = True,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._credential = credential
        self._timeout = timeout
        self._session = session or requests.Session()
        self._timed = timed

    # ---- Organisation: document 2, contract section 2. ----

    def sync_departments(self, departments: List[Json], *, any_order: bool = False) -> Json:
        """Document 2.1. Parents before children, unless any_order. `failDetails` names the rows that failed.

        Ours: `managerUserIds` of a department says who leads it, for approval rules.
        """
        return self.post("/aflow/api/sys/sync/department", _given(departments=departments, anyOrder=any_order or None))

    def sync_users(self, users: List[Json], *, any_order: bool = False) -> Json:
        """Document 2.2. Supervisors before their people, unless any_order. `failDetails` names the rows that failed.

        Ours: `title` and `roles` (a list of names) of a user, for approval rules.
        """
        return self.post("/aflow/api/sys/sync/user", _given(users=users, anyOrder=any_order or None))

    def bind(
        self, custom_user_code: str, *, link_user_code: Optional[str] = None, phone_number: Optional[str] = None
    ) -> Any:
        """Contract section 2. Binds your user code to the DingTalk user with that id or mobile."""
        body = _given(customUserCode=custom_user_code, linkUserCode=link_user_code, phoneNumber=phone_number)
        return self.post("/aflow/api/auth/bind", body)

    def department_tree(self) -> Any:
        """Contract section 2. All departments, nested."""
        return self.get("/aflow/api/sys/department/tree")

    def user_page(
        self,
        *,
        dept_id: Optional[str] = None,
        keyword: Optional[str] = None,
        page: Optional[int] = None,
        size: Optional[int] = None,
    ) -> Json:
        """Contract section 2. One page of people."""
        return self.get("/aflow/api/sys/user/page", deptId=dept_id, keyword=keyword, page=page, size=size)

    # ---- Third-party flows and the task centre: document 4 and 5.3, contract section 4. ----

    def create_third_party(self, definition: Json) -> Json:
        """Document 4.1. Answers flowCode and flowVersion; the same content again answers the same version."""
        return self.post("/aflow/api/flow/create_third_party", definition)

    def online_third_party(
        self, flow_code: str, flow_version: Optional[int] = None, update_desc: Optional[str] = None
    ) -> Json:
        """Document 4.2. Without a version, the newest one goes online."""
        body = _given(flowCode=flow_code, flowVersion=flow_version, updateDesc=update_desc)
        return self.post("/aflow/api/flow/online_third_party", body)

    def sync_task(self, order: Json) -> Json:
        """Document 4.3. One order with its tasks. `applied` tells whether anything changed, `tasks` lists the outcomes."""
        return self.post("/aflow/api/order/sync/task", order)

    def check_orders(self, orders: List[Json]) -> Any:
        """Contract section 4. Answers only where aiflow knows something else than you do."""
        return self.post("/aflow/api/order/check", {"orders": orders})

    def approval_log(self, order_id: OrderId, business_key: str, logs: List[Json]) -> Json:
        """Document 5.3. Who decided what, and when."""
        body = {"orderId": order_id, "businessKey": business_key, "logs": logs}
        return self.post("/aflow/api/order/approval/log", body)

    def todo(self, user_code: str, **filters: Any) -> Json:
        """Contract section 4. What waits for a person.

        Filters: page, size (at most 100), keyword, flow_code, terminal (pc or mobile), sort.
        """
        return self._task_list("todo", user_code, **filters)

    def done(self, user_code: str, **filters: Any) -> Json:
        """Contract section 4. What a person has handled; filters as in `todo`."""
        return self._task_list("done", user_code, **filters)

    def cc(self, user_code: str, **filters: Any) -> Json:
        """Contract section 4. What a person got a copy of; filters as in `todo`."""
        return self._task_list("cc", user_code, **filters)

    def initiated(self, user_code: str, **filters: Any) -> Json:
        """Contract section 4. What a person started; filters as in `todo`."""
        return self._task_list("initiated", user_code, **filters)

    def _task_list(
        self,
        which: str,
        user_code: str,
        *,
        page: Optional[int] = None,
        size: Optional[int] = None,
        keyword: Optional[str] = None,
        flow_code: Optional[str] = None,
        terminal: Optional[str] = None,
        sort: Optional[str] = None,
    ) -> Json:
        return self.get(
            f"/aflow/api/task/{which}",
            userCode=user_code,
            page=page,
            size=size,
            keyword=keyword,
            flowCode=flow_code,
            terminal=terminal,
            sort=sort,
        )

    def summary(self, user_code: str) -> Json:
        """Contract section 4. How many to-dos, overdue, urged and unread a person has."""
        return self.get("/aflow/api/task/summary", userCode=user_code)

    def order_detail(self, order_id: OrderId, *, user_code: Optional[str] = None) -> Json:
        """Contract section 4. An order with its tasks, history and copies."""
        return self.get("/aflow/api/order/detail", orderId=order_id, userCode=user_code)

    def mark_read(self, task_id: str, user_code: str) -> Any:
        """Contract section 4. A person has read a task that is only to be read."""
        return self.post("/aflow/api/task/read", {"taskId": task_id, "userCode": user_code})

    # ---- Flows, forms and the engine: document 5, contract section 5. ----

    def create_flow(self, definition: Json) -> Json:
        """Document 5.1.1. flowCode, flowName, formSchema and bpmnXml; makes a draft, version 1."""
        return self.post("/aflow/api/flow/create", definition)

    def update_flow(self, definition: Json) -> Json:
        """Document 5.1.2. Only flowCode is required, what is absent stays; flowVersion = the base you saw."""
        return self._call("PUT", "/aflow/api/flow/update", body=definition)

    def publish_flow(
        self, flow_code: str, flow_version: Optional[int] = None, update_desc: Optional[str] = None
    ) -> Json:
        """Document 5.1.3. Checks everything first; the error's `details` list all faults with their lines."""
        body = _given(flowCode=flow_code, flowVersion=flow_version, updateDesc=update_desc)
        return self.post("/aflow/api/flow/publish", body)

    def sync_form(self, form_code: str, form_name: str, form_schema: Json, sync_type: str) -> Json:
        """Document 5.2. sync_type: CREATE, UPDATE or DELETE."""
        body = {"formCode": form_code, "formName": form_name, "formSchema": form_schema, "syncType": sync_type}
        return self.post("/aflow/api/form/sync", body)

    def start_order(
        self,
        flow_code: str,
        initiator: str,
        *,
        process_id: Optional[str] = None,
        business_key: Optional[str] = None,
        title: Optional[str] = None,
        form_data: Optional[Json] = None,
        variables: Optional[Json] = None,
    ) -> Json:
        """Contract section 5. Answers orderId and runningNumber."""
        body = _given(
            flowCode=flow_code,
            processId=process_id,
            initiator=initiator,
            businessKey=business_key,
            title=title,
            formData=form_data,
            variables=variables,
        )
        return self.post("/aflow/api/order/start", body)

    def cancel_order(self, order_id: OrderId, user_code: str, reason: str) -> Any:
        """Contract section 5. Ends a running order in a person's name."""
        return self.post("/aflow/api/order/cancel", {"orderId": order_id, "userCode": user_code, "reason": reason})

    def order_tasks(self, *, order_id: Optional[OrderId] = None, process_id: Optional[str] = None) -> Any:
        """Contract section 5. The open tasks of an order, its children and called processes."""
        return self.get("/aflow/api/order/tasks", orderId=order_id, processId=process_id)

    def complete_task(
        self,
        task_id: str,
        user_code: str,
        action: str,
        *,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
        form_data: Optional[Json] = None,
        variables: Optional[Json] = None,
        bpmn_error_code: Optional[str] = None,
        next_people: Optional[Dict[str, List[str]]] = None,
        target: Optional[str] = None,
        activity_id: Optional[str] = None,
        straight_back: Optional[bool] = None,
    ) -> Any:
        """Contract section 5. action: pass, reject, rebut or accept; the rest as in the method of that name."""
        body = _given(
            taskId=task_id,
            userCode=user_code,
            action=action,
            comment=comment,
            attachments=attachments,
            formData=form_data,
            variables=variables,
            bpmnErrorCode=bpmn_error_code,
            nextPeople=next_people,
            target=target,
            activityId=activity_id,
            straightBack=straight_back,
        )
        return self.post("/aflow/api/task/complete", body)

    def send_message(
        self,
        name: str,
        *,
        order_id: Optional[OrderId] = None,
        business_key: Optional[str] = None,
        variables: Optional[Json] = None,
    ) -> Any:
        """Contract section 5. Wakes the one order that waits for this message."""
        body = _given(name=name, orderId=order_id, businessKey=business_key, variables=variables)
        return self.post("/aflow/api/flow/message", body)

    def send_signal(self, name: str, *, variables: Optional[Json] = None) -> Any:
        """Contract section 5. Wakes everything that waits for this signal."""
        return self.post("/aflow/api/flow/signal", _given(name=name, variables=variables))

    def order_variables(self, order_id: OrderId) -> Any:
        """Contract section 5. The variables of an order."""
        return self.get("/aflow/api/order/variables", orderId=order_id)

    def set_order_variables(self, order_id: OrderId, variables: Json) -> Any:
        """Contract section 5. Sets the named variables of an order."""
        body = {"variables": variables}
        return self._call("PUT", "/aflow/api/order/variables", query={"orderId": order_id}, body=body)

    def order_history(self, *, order_id: Optional[OrderId] = None, process_id: Optional[str] = None) -> Any:
        """Contract section 5. What happened, in the order in which it happened."""
        return self.get("/aflow/api/order/history", orderId=order_id, processId=process_id)

    # ---- Approval operations on tasks and orders of aiflow's own engine: contract section 6. ----
    #
    # Each answers `applied`: whether anything changed. comment: at most 4,000 characters. attachments: at most
    # 20 of {"name": ..., "url": "https://..."}.

    def pass_task(
        self,
        task_id: str,
        user_code: str,
        *,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
        form_data: Optional[Json] = None,
        variables: Optional[Json] = None,
        bpmn_error_code: Optional[str] = None,
        next_people: Optional[Dict[str, List[str]]] = None,
    ) -> Json:
        """同意. next_people: user codes by node id, for later nodes that leave the choice to this approver."""
        return self._operate(
            "pass",
            task_id,
            user_code,
            comment,
            attachments,
            formData=form_data,
            variables=variables,
            bpmnErrorCode=bpmn_error_code,
            nextPeople=next_people,
        )

    def reject_task(
        self,
        task_id: str,
        user_code: str,
        *,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
        form_data: Optional[Json] = None,
        bpmn_error_code: Optional[str] = None,
    ) -> Json:
        """拒绝. The order ends, or goes where the definition says."""
        return self._operate(
            "reject", task_id, user_code, comment, attachments, formData=form_data, bpmnErrorCode=bpmn_error_code
        )

    def rebut_task(
        self,
        task_id: str,
        user_code: str,
        *,
        target: Optional[str] = None,
        activity_id: Optional[str] = None,
        straight_back: Optional[bool] = None,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
        form_data: Optional[Json] = None,
    ) -> Json:
        """驳回. target: starter, previous (default) or node, which activity_id names (see `return_targets`)."""
        return self._operate(
            "rebut",
            task_id,
            user_code,
            comment,
            attachments,
            formData=form_data,
            target=target,
            activityId=activity_id,
            straightBack=straight_back,
        )

    def transfer_task(
        self,
        task_id: str,
        user_code: str,
        to: str,
        *,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
    ) -> Json:
        """转办. The task is somebody else's from now on."""
        return self._operate("transfer", task_id, user_code, comment, attachments, to=to)

    def delegate_task(
        self,
        task_id: str,
        user_code: str,
        to: str,
        *,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
    ) -> Json:
        """委派. Somebody else says something first, then it comes back."""
        return self._operate("delegate", task_id, user_code, comment, attachments, to=to)

    def add_sign(
        self,
        task_id: str,
        user_code: str,
        place: str,
        people: List[str],
        *,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
    ) -> Json:
        """加签. place: before, after or beside."""
        return self._operate("add_sign", task_id, user_code, comment, attachments, place=place, people=people)

    def remove_sign(
        self,
        task_id: str,
        user_code: str,
        people: List[str],
        *,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
    ) -> Json:
        """减签. Of people whom the same person added."""
        return self._operate("remove_sign", task_id, user_code, comment, attachments, people=people)

    def claim_task(
        self,
        task_id: str,
        user_code: str,
        *,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
    ) -> Json:
        """认领."""
        return self._operate("claim", task_id, user_code, comment, attachments)

    def release_task(
        self,
        task_id: str,
        user_code: str,
        *,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
    ) -> Json:
        """退回认领."""
        return self._operate("release", task_id, user_code, comment, attachments)

    def take_back(
        self,
        task_id: str,
        user_code: str,
        *,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
    ) -> Json:
        """拿回. Undoes one's own decision while nobody has acted on it."""
        return self._operate("take_back", task_id, user_code, comment, attachments)

    def copy(
        self,
        user_code: str,
        people: List[str],
        *,
        task_id: Optional[str] = None,
        order_id: Optional[OrderId] = None,
        comment: Optional[str] = None,
        attachments: Optional[List[Json]] = None,
    ) -> Json:
        """抄送. Of a task or of an order."""
        return self._operate("copy", task_id, user_code, comment, attachments, orderId=order_id, people=people)

    def urge(
        self,
        user_code: str,
        *,
        task_id: Optional[str] = None,
        order_id: Optional[OrderId] = None,
        comment: Optional[str] = None,
    ) -> Json:
        """催办. `sent` = people reminded; where it is 0, `nextAllowedAt` says when to try again."""
        return self._operate("urge", task_id, user_code, comment, None, orderId=order_id)

    def comment(
        self,
        user_code: str,
        comment: str,
        *,
        task_id: Optional[str] = None,
        order_id: Optional[OrderId] = None,
        mentions: Optional[List[str]] = None,
        attachments: Optional[List[Json]] = None,
    ) -> Json:
        """评论. mentions: user codes of people who are told."""
        return self._operate("comment", task_id, user_code, comment, attachments, orderId=order_id, mentions=mentions)

    def recall_order(self, order_id: OrderId, user_code: str, *, reason: Optional[str] = None) -> Json:
        """撤回, by the initiator."""
        return self.post("/aflow/api/order/recall", _given(orderId=order_id, userCode=user_code, reason=reason))

    def return_targets(self, task_id: str, *, user_code: Optional[str] = None) -> Any:
        """Where a task can be rebutted to, and whose approvals each would make void."""
        return self.get("/aflow/api/task/return_targets", taskId=task_id, userCode=user_code)

    def forecast(self, order_id: OrderId, *, user_code: Optional[str] = None) -> Any:
        """The rest of an order's path with its people, for the values entered so far."""
        return self.get("/aflow/api/order/forecast", orderId=order_id, userCode=user_code)

    def absence(self, user_code: str) -> Any:
        """When a person is away, and who stands in."""
        return self.get("/aflow/api/user/absence", userCode=user_code)

    def set_absence(self, absence: Json) -> Any:
        """Says when a person is away and who stands in for which flows."""
        return self.post("/aflow/api/user/absence", absence)

    def cancel_absence(self, absence: Json) -> Any:
        """The person is back, or does not go."""
        return self.post("/aflow/api/user/absence/cancel", absence)

    def hand_over(self, handover: Json) -> Any:
        """Gives everything that waits for a leaver to somebody else; answers a report."""
        return self.post("/aflow/api/task/handover", handover)

    def _operate(
        self,
        operation: str,
        task_id: Optional[str],
        user_code: str,
        comment: Optional[str],
        attachments: Optional[List[Json]],
        **more: Any,
    ) -> Json:
        body = _given(taskId=task_id, userCode=user_code, comment=comment, attachments=attachments, **more)
        return self.post(f"/aflow/api/task/{operation}", body)

    # ---- Any other address. ----

    def get(self, path: str, **query: Any) -> Any:
        """Reads an address; a query parameter that is None is left out."""
        return self._call("GET", path, query=query)

    def post(self, path: str, body: Json) -> Any:
        """Sends a JSON document to an address."""
        return self._call("POST", path, body=body)

    def _call(self, method: str, path: str, *, query: Optional[Json] = None, body: Optional[Json] = None) -> Any:
        parameters = urlencode(_given(**(query or {})), quote_via=quote)
        url = self._base_url + path + ("?" + parameters if parameters else "")
        headers = {"Accept": "application/json"}
        raw = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            raw = json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8")
        prepared = self._session.prepare_request(requests.Request(method, url, headers=headers, data=raw))
        # Signed after preparing, so that the target is what goes onto the wire.
        prepared.headers["A-Signature"] = self._sign(raw, f"{method} {prepared.path_url}")
        surroundings = self._session.merge_environment_settings(prepared.url, {}, None, None, None)
        # A redirect would carry the signature to an address that it was not made for.
        response = self._session.send(prepared, timeout=self._timeout, allow_redirects=False, **surroundings)
        return _unwrap(response)

    def _sign(self, raw: Optional[bytes], target: str) -> str:
        if self._timed:
            return ASign.get_hex_signature(self._credential, raw, timestamp=True, nonce=True, target=target)
        if raw:
            return ASign.get_hex_signature(self._credential, raw)
        return ASign.get_hex_signature(self._credential, raw, target=target)


def _unwrap(response: requests.Response) -> Any:
    http_status = response.status_code
    request_id = response.headers.get("X-Request-Id")
    try:
        envelope = response.json()
    except ValueError:
        envelope = None
    if not isinstance(envelope, dict) or type(envelope.get("status")) is not int:
        message = "the answer is not aiflow's envelope"
        raise AFlowError(None, "NOT_AN_ENVELOPE", message, [], request_id, http_status)
    data = envelope.get("data")
    if envelope["status"] == 0 and http_status == 200:
        return data
    told = data if isinstance(data, dict) else {}
    raise AFlowError(
        envelope["status"],
        told.get("errorCode") or "UNKNOWN",
        told.get("errorMessage") or envelope.get("msg") or "",
        told.get("errorDetails") or [],
        told.get("requestId") or request_id,
        http_status,
    )


def _given(**fields: Any) -> Json:
    return {name: value for name, value in fields.items() if value is not None}
