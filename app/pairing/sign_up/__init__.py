"""Making an account with a code. Each step is one transaction, and none is open while Canvas is asked.

    BEGUN --Canvas made the account--> MADE --the connection goes its own way, see app.pairing.links
       |--Canvas made none--> UNDONE, and the use of the code is given back

Canvas is asked within the request, for only there is the password; it is written down nowhere. An account is
asked for once. When Canvas's answer is lost, nobody asks again: what Canvas holds tells whether it was made,
at once or by a job.
"""
