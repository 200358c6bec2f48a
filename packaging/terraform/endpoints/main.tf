# SPDX-License-Identifier: Apache-2.0
# What a private VPC needs so that its instances register with Systems Manager: two interface endpoints with private DNS names,
# the security groups of both sides, and a role. No endpoint for ec2messages: agents from 3.3.40.0 on do without. docs/terraform.md

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 4.40"
    }
  }
}

data "aws_region" "here" {}

data "aws_partition" "here" {}

locals {
  services = toset(concat(["ssm", "ssmmessages"], var.other_services))
}

resource "aws_security_group" "instances" {
  name_prefix = "${var.name}-instances-"
  description = "Instances that register with Systems Manager"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_security_group" "endpoints" {
  name_prefix = "${var.name}-endpoints-"
  description = "Interface endpoints of Systems Manager"
  vpc_id      = var.vpc_id
  tags        = var.tags
}

resource "aws_security_group_rule" "instances_to_endpoints" {
  type                     = "egress"
  description              = "443 to the endpoints"
  protocol                 = "tcp"
  from_port                = 443
  to_port                  = 443
  security_group_id        = aws_security_group.instances.id
  source_security_group_id = aws_security_group.endpoints.id
}

resource "aws_security_group_rule" "endpoints_from_instances" {
  type                     = "ingress"
  description              = "443 from the instances"
  protocol                 = "tcp"
  from_port                = 443
  to_port                  = 443
  security_group_id        = aws_security_group.endpoints.id
  source_security_group_id = aws_security_group.instances.id
}

resource "aws_vpc_endpoint" "service" {
  for_each = local.services

  vpc_id              = var.vpc_id
  service_name        = "com.amazonaws.${data.aws_region.here.name}.${each.key}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
  tags                = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_iam_role" "instance" {
  name_prefix          = "${var.name}-"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.${data.aws_partition.here.dns_suffix}" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "core" {
  role       = aws_iam_role.instance.name
  policy_arn = "arn:${data.aws_partition.here.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "instance" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.instance.name
  tags        = var.tags
}
