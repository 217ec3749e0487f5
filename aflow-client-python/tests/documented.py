"""The interface document's Python examples, run unchanged against a gateway: `python3 tests/documented.py URL`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

DOCUMENTED_ADDRESS = "https://aiflow.example.com"


def main(arguments: List[str]) -> int:
    if len(arguments) != 1:
        print("usage: python3 tests/documented.py http://127.0.0.1:7020")
        return 2
    address = arguments[0].rstrip("/")
    for title, source in EXAMPLES:
        print(f"---- {title}")
        fault = run(title, source, address)
        if fault:
            print(f"FAILED: {title}: {fault}")
            return 1
    print("---- All documented examples were answered with status 0.")
    return 0


def run(title: str, source: str, address: str) -> Optional[str]:
    """Runs one example and tells what went wrong, or nothing."""
    names: Dict[str, Any] = {"__name__": "example"}
    try:
        exec(compile(source.replace(DOCUMENTED_ADDRESS, address), f"<{title}>", "exec"), names)
    except Exception as fault:
        # An example reads result['data'] before it looks at the status: the answer says more than its KeyError.
        answer = names["response"].text if "response" in names else "no answer"
        return f"{type(fault).__name__}: {fault}; {answer}"
    result = names["response"].json()
    # A row that failed inside a batch is still status 0.
    if result.get("status") != 0 or result["data"].get("failCount"):
        return names["response"].text
    return None


# ---- The examples, as they stand in the document. Change nothing here. ----

SECTION_1_1 = r'''
from auth import ASign, Credential
import requests
import json

# 1. 创建认证凭证
credential = Credential(
    enterprise_code="COMPANY001",
    app_id="APP001",
    app_secret="your_app_secret"
)

# 2. 准备请求体
request_data = {
    "departments": [
        {
            "deptId": "DEPT001",
            "deptName": "技术部",
            "parentId": "",
            "orderNum": 100,
            "status": 1
        }
    ]
}
request_body = json.dumps(request_data, ensure_ascii=False)

# 3. 生成签名
signature = ASign.get_hex_signature(credential, request_body)

# 4. 设置请求头
headers = {
    "Content-Type": "application/json",
    "A-Signature": signature
}

# 5. 发送请求
response = requests.post(
    "https://aiflow.example.com/aflow/api/sys/sync/department",
    headers=headers,
    data=request_body.encode('utf-8')
)

print(response.json())
'''

SECTION_2_1 = r'''
from auth import ASign, Credential
import requests
import json

# 配置信息
credential = Credential(
    enterprise_code="COMPANY001",
    app_id="APP001",
    app_secret="your_app_secret"
)

# 准备请求数据（按层级顺序）
request_data = {
    "departments": [
        {
            "deptId": "DEPT001",
            "deptName": "技术部",
            "parentId": "",
            "orderNum": 100,
            "status": 1
        },
        {
            "deptId": "DEPT002",
            "deptName": "开发组",
            "parentId": "DEPT001",
            "orderNum": 101,
            "status": 1
        }
    ]
}

request_body = json.dumps(request_data, ensure_ascii=False)
signature = ASign.get_hex_signature(credential, request_body)

headers = {
    "Content-Type": "application/json",
    "A-Signature": signature
}

response = requests.post(
    "https://aiflow.example.com/aflow/api/sys/sync/department",
    headers=headers,
    data=request_body.encode('utf-8')
)

result = response.json()
print(f"成功: {result['data']['successCount']}, 失败: {result['data']['failCount']}")
'''

SECTION_2_2 = r'''
from auth import ASign, Credential
import requests
import json

credential = Credential(
    enterprise_code="COMPANY001",
    app_id="APP001",
    app_secret="your_app_secret"
)

# 按层级顺序准备用户数据
request_data = {
    "users": [
        {
            "userId": "USER001",
            "userName": "张三",
            "realName": "张三",
            "email": "zhangsan@example.com",
            "mobile": "13800138000",
            "deptId": "DEPT001",
            "personnelType": 1,
            "directSupervisor": "",
            "status": 1
        },
        {
            "userId": "USER002",
            "userName": "李四",
            "realName": "李四",
            "email": "lisi@example.com",
            "mobile": "13800138001",
            "deptId": "DEPT002",
            "personnelType": 1,
            "directSupervisor": "USER001",
            "status": 1
        }
    ]
}

request_body = json.dumps(request_data, ensure_ascii=False)
signature = ASign.get_hex_signature(credential, request_body)

headers = {
    "Content-Type": "application/json",
    "A-Signature": signature
}

response = requests.post(
    "https://aiflow.example.com/aflow/api/sys/sync/user",
    headers=headers,
    data=request_body.encode('utf-8')
)

result = response.json()
print(f"成功: {result['data']['successCount']}, 失败: {result['data']['failCount']}")
'''

SECTION_4_1 = r'''
from auth import ASign, Credential
import requests
import json

credential = Credential(
    enterprise_code="COMPANY001",
    app_id="APP001",
    app_secret="your_app_secret"
)

request_data = {
    "flowCode": "SALES_ORDER",
    "title": "销售订单审批流程",
    "initiateUrl": {
        "h5Url": "https://odoo.example.com/h5/sales/apply",
        "webUrl": "https://odoo.example.com/web/sales/apply"
    },
    "detailUrl": {
        "h5Url": "https://odoo.example.com/h5/sales/detail",
        "webUrl": "https://odoo.example.com/web/sales/detail"
    },
    "groupId": "GROUP001",
    "managerUserCode": "USER001",
    "operationUserCode": "USER002",
    "configUserCode": "USER003",
    "createBy": "USER001",
    "allowedApplyTerminals": ["pc", "mobile"],
    "allowedApplyRule": {
        "allowedApplyType": "all"
    },
    "allowedManageRule": {
        "allowedApplyType": "all"
    }
}

request_body = json.dumps(request_data, ensure_ascii=False)
signature = ASign.get_hex_signature(credential, request_body)

headers = {
    "Content-Type": "application/json",
    "A-Signature": signature
}

response = requests.post(
    "https://aiflow.example.com/aflow/api/flow/create_third_party",
    headers=headers,
    data=request_body.encode('utf-8')
)

result = response.json()
if result['status'] == 0:
    print(f"流程编码: {result['data']['flowCode']}, 版本: {result['data']['flowVersion']}")
'''

SECTION_4_2 = r'''
from auth import ASign, Credential
import requests
import json

credential = Credential(
    enterprise_code="COMPANY001",
    app_id="APP001",
    app_secret="your_app_secret"
)

request_data = {
    "flowCode": "SALES_ORDER",
    "flowVersion": 1,
    "updateDesc": "初始版本上线"
}

request_body = json.dumps(request_data, ensure_ascii=False)
signature = ASign.get_hex_signature(credential, request_body)

headers = {
    "Content-Type": "application/json",
    "A-Signature": signature
}

response = requests.post(
    "https://aiflow.example.com/aflow/api/flow/online_third_party",
    headers=headers,
    data=request_body.encode('utf-8')
)

result = response.json()
if result['status'] == 0:
    print("流程上线成功")
'''

SECTION_4_3 = r'''
from auth import ASign, Credential
import requests
import json
from datetime import datetime

credential = Credential(
    enterprise_code="COMPANY001",
    app_id="APP001",
    app_secret="your_app_secret"
)

now = datetime.now().strftime("%Y-%m-%d %H:%M:%S")
deadline = (datetime.now().replace(hour=18, minute=0, second=0)).strftime("%Y-%m-%d %H:%M:%S")

request_data = {
    "orderId": 123456,
    "orderStatus": "ing",
    "orderResult": "ing",
    "initiator": "USER001",
    "version": 1,
    "businessKey": "SALES_ORDER_20250124001",
    "createTime": now,
    "updateTime": now,
    "ccUsers": [
        {
            "userCode": "USER003",
            "ccTime": now
        }
    ],
    "tasks": [
        {
            "taskId": "TASK001",
            "taskName": "部门经理审批",
            "assigneeUserCode": ["USER002"],
            "taskStatus": "new",
            "taskResult": "new",
            "deadLine": deadline,
            "nodeType": "audit",
            "showPc": True,
            "showMobile": True
        }
    ]
}

request_body = json.dumps(request_data, ensure_ascii=False)
signature = ASign.get_hex_signature(credential, request_body)

headers = {
    "Content-Type": "application/json",
    "A-Signature": signature
}

response = requests.post(
    "https://aiflow.example.com/aflow/api/order/sync/task",
    headers=headers,
    data=request_body.encode('utf-8')
)

result = response.json()
if result['status'] == 0:
    print("任务同步成功")
    # 注意：如果taskStatus为new或ing，aiflow会自动发送钉钉push消息通知处理人
'''

# Ours, not the document's: its example 4.1 names USER003, whom its example 2.2 does not create.
OUR_USER003 = r'''
from auth import ASign, Credential
import requests
import json

credential = Credential(enterprise_code="COMPANY001", app_id="APP001", app_secret="your_app_secret")
person = {"userId": "USER003", "userName": "王五", "mobile": "13800138002", "deptId": "DEPT002"}
request_body = json.dumps({"users": [person]}, ensure_ascii=False)
response = requests.post(
    "https://aiflow.example.com/aflow/api/sys/sync/user",
    headers={"Content-Type": "application/json", "A-Signature": ASign.get_hex_signature(credential, request_body)},
    data=request_body.encode('utf-8')
)
print(response.json())
'''

EXAMPLES = [
    ("1.1 signature", SECTION_1_1),
    ("2.1 departments", SECTION_2_1),
    ("2.2 users", SECTION_2_2),
    ("our own step: USER003", OUR_USER003),
    ("4.1 create_third_party", SECTION_4_1),
    ("4.2 online_third_party", SECTION_4_2),
    ("4.3 sync task", SECTION_4_3),
]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
