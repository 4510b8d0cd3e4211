"""Who acts: leader election by a Lease, and ports that refuse whatever is not the leader's."""
