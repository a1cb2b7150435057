variable "environment" {
  type    = string
  default = "staging"
}

variable "threshold" {
  type = number
}

variable "pager" {}

locals {
  name   = "${var.environment}-web"
  limits = { production = 20, staging = 100 }
}

resource "aws_cloudwatch_metric_alarm" "conn" {
  alarm_name          = format("%s-conn-errors", local.name)
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetConnectionErrorCount"
  statistic           = "Sum"
  period              = "60"
  evaluation_periods  = max(1, 2)
  threshold           = var.threshold + lookup(local.limits, var.environment, 0)
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = var.environment == "production" ? "notBreaching" : "missing"
  alarm_actions       = [var.pager]
  dimensions = {
    LoadBalancer = data.aws_lb.web.arn_suffix
  }
}

data "aws_lb" "web" {
  name = local.name
}
