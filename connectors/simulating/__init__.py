"""What every simulated helpdesk needs: a loopback HTTP server with faults, rate windows, calls to an address."""
