package guest

// OnlyZombies is onlyZombies.
func OnlyZombies(group int) bool { return onlyZombies(group) }
