"""Chains and IPFS behind the ports of the domain."""
