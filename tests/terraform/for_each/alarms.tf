locals {
  metrics = {
    TargetConnectionErrorCount = { threshold = 10, statistic = "Sum" }
    TargetResponseTime         = { threshold = 1.5, statistic = "Average" }
  }
}

resource "aws_cloudwatch_metric_alarm" "alb" {
  for_each            = local.metrics
  alarm_name          = "alb-${lower(each.key)}"
  namespace           = "AWS/ApplicationELB"
  metric_name         = each.key
  statistic           = each.value["statistic"]
  period              = 60
  evaluation_periods  = 5
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  dimensions = merge(
    { LoadBalancer = "app/web/0123456789abcdef" },
    { TargetGroup = "targetgroup/api/fedcba9876543210" },
  )
}

resource "aws_cloudwatch_metric_alarm" "zone" {
  count               = 2
  alarm_name          = "zone-${count.index}"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetConnectionErrorCount"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanThreshold"
  dimensions = {
    LoadBalancer     = "app/web/0123456789abcdef"
    AvailabilityZone = ["eu-west-1a", "eu-west-1b"][count.index]
  }
}

resource "aws_cloudwatch_metric_alarm" "off" {
  count       = 0
  alarm_name  = "off"
  metric_name = "TargetConnectionErrorCount"
}
