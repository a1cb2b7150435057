module "network" {
  source = "./network"
  name   = "shop"
}

module "alarms" {
  for_each = {
    api = { threshold = 3 }
    img = { threshold = 30 }
  }
  source        = "./alarms"
  load_balancer = module.network.balancer
  target_group  = module.network.groups[each.key]
  name          = "shop-${each.key}"
  threshold     = each.value.threshold
}

module "registry" {
  source  = "terraform-aws-modules/alb/aws"
  version = "9.0.0"
}
