"""How a consortium changes its mind: a proposal, k members' approvals, one transaction on every chain.

A proposal is a file, an approval is a file, and anyone may relay them. Whoever
approves computes what would change from their own copy of the state in force.
"""
