# SPDX-License-Identifier: Apache-2.0

output "instance_security_group_id" {
  description = "For the instances."
  value       = aws_security_group.instances.id
}

output "endpoint_security_group_id" {
  value = aws_security_group.endpoints.id
}

output "instance_profile" {
  description = "For the instances."
  value       = aws_iam_instance_profile.instance.name
}

output "endpoint_ids" {
  value = { for service, endpoint in aws_vpc_endpoint.service : service => endpoint.id }
}
