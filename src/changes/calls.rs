//! Names of API calls that can open or close the network between a balancer and its targets: the one list
//! that the timeline and the path both read. Knows nothing of any record.

/// Security groups, their rules, what their rules name, and the balancer's own groups.
pub const SECURITY_GROUP: &[&str] = &[
    "AuthorizeSecurityGroupIngress",
    "AuthorizeSecurityGroupEgress",
    "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress",
    "ModifySecurityGroupRules",
    "DeleteSecurityGroup",
    "SetSecurityGroups",
    "ModifyManagedPrefixList",
];

/// Network ACLs, routes, and what routes lead over.
pub const ACL_OR_ROUTE: &[&str] = &[
    "CreateNetworkAclEntry",
    "ReplaceNetworkAclEntry",
    "DeleteNetworkAclEntry",
    "ReplaceNetworkAclAssociation",
    "CreateRoute",
    "ReplaceRoute",
    "DeleteRoute",
    "ReplaceRouteTableAssociation",
    "AssociateRouteTable",
    "DisassociateRouteTable",
    "DeleteVpcPeeringConnection",
    "DeleteTransitGatewayVpcAttachment",
    "ModifyTransitGatewayVpcAttachment",
    "DeleteTransitGatewayRoute",
    "ReplaceTransitGatewayRoute",
];

/// An instance or its interface: of many attributes, the groups among them; and being cut off.
pub const INTERFACE: &[&str] =
    &["ModifyInstanceAttribute", "ModifyNetworkInterfaceAttribute", "DetachNetworkInterface", "DeleteNetworkInterface"];

/// The balancer's own places in the network.
pub const BALANCER_SUBNETS: &[&str] = &["SetSubnets"];

/// Whether a call can open or close the way from a balancer to a target.
pub fn is_on_the_way(name: &str) -> bool {
    [SECURITY_GROUP, ACL_OR_ROUTE, INTERFACE, BALANCER_SUBNETS].iter().any(|names| names.contains(&name))
}
