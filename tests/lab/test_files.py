"""What is written to files: whole, readable by everyone; a verdict is never lost for want of a place to write to."""

import json
import os
import stat

import pytest

pytestmark = pytest.mark.usefixtures("binary")


@pytest.mark.parametrize("option", ["--save", "--output-file"])
def test_a_file_is_written_whole(healthy, option, tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    done = healthy.run(["check", "--output", "json", option, str(path)])
    assert done.returncode == 0 and json.loads(path.read_text())["verdict"] == "ready"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
    assert os.listdir(tmp_path) == ["report.json"], "something is left beside it"
    assert bool(done.stdout) == (option == "--save")


NOT_WRITTEN = "/proc/nowhere/report.json: the report is not written: No such file"


def test_a_report_that_cannot_be_saved_is_a_warning(healthy):
    done = healthy.run(["check", "--save", "/proc/nowhere/report.json"])
    assert done.returncode == 0 and "\nREADY  " in done.stdout
    assert f"warning: {NOT_WRITTEN}" in done.stderr


def test_an_output_that_cannot_be_written_is_a_fault_and_the_verdict_is_said(healthy):
    done = healthy.run(["check", "--output-file", "/proc/nowhere/report.json"])
    assert (done.returncode, done.stdout) == (4, "")
    assert NOT_WRITTEN in done.stderr and "ssm-preflight: READY: " in done.stderr


def test_quiet_is_about_the_screen_and_not_about_the_file(healthy, tmp_path):
    path = tmp_path / "report.json"
    done = healthy.run(["check", "--quiet", "--output", "json", "--output-file", str(path)])
    assert (done.returncode, done.stdout) == (0, "") and json.loads(path.read_text())["verdict"] == "ready"


def test_a_dash_is_standard_output(healthy, tmp_path):
    done = healthy.run(["check", "--output", "json", "--output-file", "-"])
    assert done.returncode == 0 and json.loads(done.stdout)["verdict"] == "ready"
    assert not os.path.exists("-")


def test_prometheus_reads_what_is_written(healthy, tmp_path):
    path = tmp_path / "ssm.prom"
    assert healthy.run(["check", "--output", "prometheus", "--output-file", str(path)]).returncode == 0
    assert "ssm_preflight_ready 1\n" in path.read_text() and path.read_text().endswith("\n")
