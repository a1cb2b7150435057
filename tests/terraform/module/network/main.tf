variable "name" {}

resource "aws_lb" "this" {
  name = var.name
}

resource "aws_lb_target_group" "this" {
  for_each    = toset(["api", "img"])
  name_prefix = each.key
}

output "balancer" {
  value = aws_lb.this.arn_suffix
}

output "groups" {
  value = { for k in ["api", "img"] : k => aws_lb_target_group.this[k].arn_suffix }
}
