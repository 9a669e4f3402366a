"""Writes compose.yaml anew: a service for each Docker environment and device, with the limits that the harness sets."""

from harness.catalogue import Environment, docker_environments
from harness.paths import ROOT
from runner.contract import Device
from tools.write_jobs import MODEL

COMPOSE = ROOT / "compose.yaml"
HEAD = """\
# Measures without the harness: an image with its job, quick-1 with random weights, into results/compose/.
# It is made from docker/environments.toml (make generated).
#
#   docker compose run --rm cuda10.2            on the CPU
#   docker compose run --rm cuda10.2-gpu        on the first GPU (the NVIDIA Container Toolkit is needed)
#   MODEL=fasterrcnn_resnet50_fpn docker compose run --rm cuda10.2        another model of torchvision
#   UID_GID=$(id -u):$(id -g) docker compose run --rm cuda10.2            where your user id is not 1000
#
# Profiles group the services: `docker compose --profile cpu build` builds every CPU image.
x-measure: &measure
  user: ${UID_GID:-1000:1000}
  network_mode: none
  read_only: true
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  pids_limit: 4096
  tmpfs: [/tmp]
  environment: {HOME: /tmp, USER: harness}
  volumes:
    - ./jobs:/cell/jobs:ro
    - ./data/photographs:/cell/images:ro
    - ./results:/cell/results
x-cpu: &cpu
  <<: *measure
  profiles: [cpu]
x-gpu: &gpu
  <<: *measure
  profiles: [gpu]
  deploy:
    resources:
      reservations:
        devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]

services:
"""


def service(stack: Environment, device: Device) -> str:
    """Return the service that measures an environment on a device."""
    kind = "cpu" if device == "cpu" else "gpu"
    name = stack.name if device == "cpu" else f"{stack.name}-gpu"
    model = f"${{MODEL:-{MODEL.builder}}}"
    arguments = [
        f"/cell/jobs/{stack.name}.json",
        f'"/cell/results/compose/{name}--{model}"',
        *("--images", "/cell/images"),
        *("--model", f'"{model}"'),
        *("--device", device),
    ]
    return f"""\
  {name}:
    <<: *{kind}
    image: detection-harness/{stack.name}:compose
    build: {{context: ., dockerfile: docker/{stack.name}/Dockerfile, network: host}}
    command: [{", ".join(arguments)}]
"""


def text() -> str:
    """Return compose.yaml."""
    return HEAD + "".join(service(stack, device) for stack in docker_environments() for device in stack.devices)


if __name__ == "__main__":
    COMPOSE.write_text(text(), encoding="utf-8")
