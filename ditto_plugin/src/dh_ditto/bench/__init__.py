"""Speed of Ditto's parts, each in the form that runs against its plain form."""
