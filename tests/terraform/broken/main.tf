locals {
  a = local.b
  b = local.a
}

resource "aws_sqs_queue" "broken" {
  name = "no end
}

resource "aws_cloudwatch_metric_alarm" "still_found" {
  alarm_name          = local.a
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetConnectionErrorCount"
  threshold           = provider::custom::limit(3)
  evaluation_periods  = cidrhost("10.0.0.0/8", 3)
  dimensions          = var.never_declared
}

module "loop" {
  source = "./loop"
}
