"""The README's tour works as pasted, against the product started the way the README says."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.process import environment, free_port, running

ROOT = Path(__file__).parents[2]


def _tour() -> str:
    text = (ROOT / "README.md").read_text()
    part = text.split("<!-- tour: begin", 1)[1].split("<!-- tour: end -->", 1)[0]
    blocks = re.findall(r"```bash\n(.*?)```", part, re.DOTALL)
    assert len(blocks) >= 8
    return "\n".join(blocks)


@pytest.mark.slow
def test_the_tour_works_as_pasted(var: Path) -> None:
    settings = environment(MASSLINE_PORT=str(free_port()), MASSLINE_VAR=str(var))
    with running([sys.executable, "-m", "services.cli", "run"], settings, var / "run.log") as process:
        tour = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", _tour()], env=settings, cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert tour.returncode == 0, f"{tour.stdout}\n{tour.stderr}\n{(var / 'run.log').read_text()[-3000:]}"
        assert '"not_graded"' in tour.stdout
        assert "problem:case-not-found" in tour.stdout, "the accused see nothing"
        assert tour.stdout.count('"state":"confirmed_resolved"') >= 2
        assert '"advice":null' in tour.stdout, "the speaker said by receipt that they are safe"
        assert '"source":"finding"' in tour.stdout.replace(" ", "")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
