# SPDX-License-Identifier: Apache-2.0

variable "vpc_id" {
  type        = string
  description = "A VPC with enableDnsSupport and enableDnsHostnames: without both the private names do not work."
}

variable "subnet_ids" {
  type        = list(string)
  description = "One subnet for each zone that has instances. An endpoint has one interface, and one bill, for each."
}

variable "name" {
  type    = string
  default = "ssm"
}

variable "other_services" {
  type        = list(string)
  default     = []
  description = "More interface endpoints: logs and kms where the session preferences use them."
}

variable "permissions_boundary" {
  type        = string
  default     = null
  description = "ARN of a policy. It must allow what AmazonSSMManagedInstanceCore allows."
}

variable "tags" {
  type    = map(string)
  default = {}
}
