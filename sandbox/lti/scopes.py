"""Scopes an app's key may carry (as the OpenID configuration of Canvas lists them)."""

SPEC = "https://purl.imsglobal.org/spec/"
CANVAS = "https://canvas.instructure.com/"
ROSTER = SPEC + "lti-nrps/scope/contextmembership.readonly"
GRADING = SPEC + "lti-ags/scope/"
NOTICES = SPEC + "lti/scope/noticehandlers"
EULA = SPEC + "lti/scope/eula/"
PAGE_CONTENT = CANVAS + "lti/page_content/show"
NOTICE_TYPES = (
    "LtiHelloWorldNotice",
    "LtiAssetProcessorSubmissionNotice",
    "LtiContextCopyNotice",
    "LtiAssetProcessorContributionNotice",
)
SUPPORTED = (
    "openid",
    SPEC + "lti-reg/scope/registration",
    SPEC + "lti-reg/scope/registration.readonly",
    GRADING + "lineitem",
    GRADING + "lineitem.readonly",
    GRADING + "result.readonly",
    GRADING + "score",
    ROSTER,
    NOTICES,
    SPEC + "lti/scope/asset.readonly",
    SPEC + "lti/scope/report",
    EULA + "deployment",
    EULA + "user",
    CANVAS + "lti/public_jwk/scope/update",
    CANVAS + "lti/account_lookup/scope/show",
    CANVAS + "lti-ags/progress/scope/show",
    PAGE_CONTENT,
)
