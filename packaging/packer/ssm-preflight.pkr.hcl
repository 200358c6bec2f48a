# SPDX-License-Identifier: Apache-2.0
# An AMI with ssm-preflight in it, which is not made when an instance from it could not register with Systems Manager.
# docs/packer.md

variable "region" {
  type = string
}

variable "subnet_id" {
  type        = string
  description = "Where the build instance runs."
}

variable "package" {
  type        = string
  description = "The rpm of ssm-preflight on this machine: make rpm."
}

source "amazon-ebs" "image" {
  region        = var.region
  subnet_id     = var.subnet_id
  instance_type = "t3.small"
  ssh_username  = "ec2-user"
  ami_name      = "al2023-ssm-preflight-{{timestamp}}"

  source_ami_filter {
    owners      = ["amazon"]
    most_recent = true
    filters = {
      name         = "al2023-ami-2023.*-x86_64"
      architecture = "x86_64"
    }
  }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }
}

build {
  sources = ["source.amazon-ebs.image"]

  provisioner "file" {
    source      = var.package
    destination = "/tmp/ssm-preflight.rpm"
  }

  provisioner "shell" {
    inline = [
      "sudo rpm -U --replacepkgs /tmp/ssm-preflight.rpm",
      "sudo rm -f /tmp/ssm-preflight.rpm",
    ]
  }

  # The last steps: what each instance makes for itself, then the gate.
  provisioner "shell" {
    inline = [
      "sudo systemctl stop amazon-ssm-agent",
      "sudo sh -c 'rm -rf /var/lib/amazon/ssm/* /var/log/amazon/ssm/*'",
      "sudo cloud-init clean --logs --seed",
      "sudo rm -f /etc/ssh/ssh_host_*",
      "sudo truncate -s 0 /etc/machine-id",
    ]
  }

  provisioner "shell" {
    inline = ["sudo ssm-preflight image --strict --region ${var.region}"]
  }
}
