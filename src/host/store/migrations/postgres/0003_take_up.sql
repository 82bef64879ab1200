-- The scheduler locks dispatches of all tenants to take them up, and changes none: their tenants do, in the same transaction.
CREATE POLICY of_scheduler_taking_up ON dispatches FOR UPDATE
    USING (current_setting('app.scope', true) = 'scheduler') WITH CHECK (false);
