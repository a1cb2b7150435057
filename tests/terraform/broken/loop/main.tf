module "again" {
  source = "./../loop"
}
