"""SIGKILL in the middle of an import, in one process and in four with Kafka: nothing missing, nothing double, anywhere."""

import asyncio
import csv
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import standardwebhooks

from tests.support.eventually import eventually
from tests.support.process import children_of, environment, free_port, running
from tests.support.receiver import Receiver, open_receiver

ROWS = 240
AGENCIES = ("ROAD", "WATER", "PARK")
COLUMNS = [
    "Unique Key",
    "Created Date",
    "Agency",
    "Agency Name",
    "Complaint Type",
    "Descriptor",
    "Location Type",
    "Incident Zip",
    "Incident Address",
    "City",
    "Status",
    "Resolution Description",
    "Borough",
    "Latitude",
    "Longitude",
]


@pytest.fixture
def requests_file(tmp_path: Path) -> Path:
    file = tmp_path / "requests.csv"
    with file.open("w", newline="") as output:
        writer = csv.DictWriter(output, COLUMNS)
        writer.writeheader()
        for number in range(ROWS):
            agency = AGENCIES[number % len(AGENCIES)]
            writer.writerow(
                {
                    "Unique Key": str(10_000 + number),
                    "Created Date": "06/26/2018 10:58:54 AM",
                    "Agency": agency,
                    "Agency Name": f"Department {agency}",
                    "Complaint Type": "Street Light Condition",
                    "Descriptor": f"Lamp {number} is out",
                }
            )
    return file


class Installation:
    """One installed product and what its users can see of it."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.settings = settings
        self.api = f"http://127.0.0.1:{settings['MASSLINE_PORT']}/v1"

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        password = (Path(self.settings["MASSLINE_VAR"]) / "admin-password").read_text().strip()
        with httpx.Client(base_url=self.api, trust_env=False, timeout=30) as client:
            answer = client.post("/auth/token", data={"username": "admin", "password": password})
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            yield client

    def cases(self) -> int:
        with self.client() as client:
            total: int = client.get("/cases/counts").json()["total"]
            return total

    def opened_on_the_board(self) -> int:
        with self.client() as client:
            board = client.get("/public/scoreboard", params={"limit": 100}).json()
        return sum(row["cases_opened"] for row in board["items"])

    def importing(self, file: Path) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "services.cli", "import", "requests", str(file), "--mapping", "nyc311"]
        url = self.api.removesuffix("/v1")
        return subprocess.Popen(
            [*command, "--url", url], env=self.settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )


def kill_one_process(process: "subprocess.Popen[bytes]") -> None:
    process.kill()


def kill_the_stack(process: "subprocess.Popen[bytes]") -> None:
    for child in children_of(process.pid):
        os.kill(child, signal.SIGKILL)
    process.kill()


MODES = [
    pytest.param("run", kill_one_process, id="one-process"),
    pytest.param("stack", kill_the_stack, id="four-processes", marks=pytest.mark.kafka),
]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(("mode", "kill"), MODES)
async def test_sigkill_half_way_through_an_import(
    mode: str, kill: Callable[["subprocess.Popen[bytes]"], None], var: Path, requests_file: Path
) -> None:
    async with open_receiver() as receiver:
        settings = environment(
            MASSLINE_PORT=str(free_port()),
            MASSLINE_VAR=str(var),
            MASSLINE_GATEWAY_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8",
        )
        installation = Installation(settings)
        secret = await asyncio.to_thread(_import_and_kill, mode, kill, installation, requests_file, receiver)
        await _import_again_and_compare(mode, installation, requests_file, receiver)
        oracle = standardwebhooks.Webhook(secret)
        for delivery in receiver.taken:
            oracle.verify(delivery.body, delivery.headers)


def _import_and_kill(
    mode: str, kill: Callable[["subprocess.Popen[bytes]"], None], installation: Installation, file: Path, receiver: Receiver
) -> str:
    """Returns the webhook's secret."""
    command = [sys.executable, "-m", "services.cli", mode]
    log = Path(installation.settings["MASSLINE_VAR"]) / "output.log"
    with running(command, installation.settings, log) as process:
        with installation.client() as client:
            webhook = client.post("/webhooks", json={"url": receiver.url, "event_types": ["*"]})
            assert webhook.status_code == 201, webhook.text
        importer = installation.importing(file)
        while installation.cases() < ROWS // 3:
            assert importer.poll() is None, importer.communicate()[0]
        kill(process)
        process.wait()
        importer.kill()
        importer.communicate()
    secret: str = webhook.json()["secret"]
    return secret


async def _import_again_and_compare(mode: str, installation: Installation, file: Path, receiver: Receiver) -> None:
    command = [sys.executable, "-m", "services.cli", mode]
    log = Path(installation.settings["MASSLINE_VAR"]) / "output.log"
    opening = running(command, installation.settings, log)
    await asyncio.to_thread(opening.__enter__)
    try:
        importer = installation.importing(file)
        output, _ = await asyncio.to_thread(importer.communicate)
        assert importer.returncode == 0, output
        assert await asyncio.to_thread(installation.cases) == ROWS

        async def everybody_has_heard() -> bool:
            assert await asyncio.to_thread(installation.opened_on_the_board) == ROWS
            assert len(_opened_cases(receiver)) == ROWS
            return True

        await eventually(everybody_has_heard, within=90, every=0.5)
        assert set(_opened_cases(receiver).values()) == {1}, "a case was opened twice"
        assert await asyncio.to_thread(installation.cases) == ROWS
    finally:
        await asyncio.to_thread(opening.__exit__, None, None, None)


def _opened_cases(receiver: Receiver) -> dict[str, int]:
    """Case -> how many different events said that it was opened. The same event may come twice after a crash; two may not."""
    events: dict[str, dict[str, Any]] = {delivery.event["id"]: delivery.event for delivery in receiver.taken}
    return Counter(event["subject"] for event in events.values() if event["type"] == "massline.feedback.case.opened.v1")
