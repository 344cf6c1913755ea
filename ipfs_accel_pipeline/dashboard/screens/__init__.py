"""The screens: one file per subject. Each gathers what one page shows from one connection, and draws nothing."""
