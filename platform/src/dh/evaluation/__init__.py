"""Videos measured: ``material`` is what metrics look at, ``measure`` what they return, ``evaluate`` runs them."""
