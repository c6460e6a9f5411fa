"use strict"
// What Canvas's page does for the tool in its frame (Canvas API docs, "LTI Window postMessage").
{
  const page = document.currentScript.dataset
  const forwarding = {"lti.get_data": "post_message_forwarding", "lti.put_data": "post_message_forwarding"}
  const frameOf = source => [...document.querySelectorAll("iframe")].find(frame => frame.contentWindow === source)

  function launchAgain(data) {
    const wanted = typeof data.data === "string" ? {url: data.data} : data.data
    const {url, placement, launchType = "same_window", launchOptions = {}} = wanted
    const target = new URL(url)
    target.searchParams.set("platform_redirect_url", location.href)
    target.searchParams.set("full_win_launch_requested", "1")
    const query = new URLSearchParams({display: "borderless", url: target.href})
    if (placement) query.set("placement", placement)
    const address = `${page.retrieve}?${query}`
    const {width = 800, height = 600} = launchOptions
    if (launchType === "popup") open(address, "popupLaunch", `width=${width},height=${height}`)
    else if (launchType === "new_window") open(address, "newWindowLaunch")
    else if (launchType === "same_window") location.assign(address)
    else throw new Error(`unknown launchType, must be 'popup', 'new_window' or 'same_window'`)
    return null
  }

  const subjects = {
    ...(page.storage === undefined ? {} : platformStorage.subjects),
    "lti.capabilities": () => ({
      supported_messages: Object.keys(subjects).map(subject =>
        forwarding[subject] ? {subject, frame: forwarding[subject]} : {subject}),
    }),
    "lti.frameResize"(data, origin, source) {
      const height = Number.parseInt(data.height, 10)
      const frame = frameOf(source)
      if (frame && height > 0) frame.style.height = `${height}px`
      return {}
    },
    "lti.fetchWindowSize"(data, origin, source) {
      const frame = frameOf(source)
      const offset = frame ? frame.getBoundingClientRect() : {left: 0, top: 0}
      return {
        height: innerHeight,
        width: innerWidth,
        footer: 0,
        offset: {left: offset.left + scrollX, top: offset.top + scrollY},
        scrollY,
      }
    },
    "lti.getPageSettings": () => ({
      pageSettings: {
        locale: page.locale,
        time_zone: page.timeZone,
        use_high_contrast: false,
        active_brand_config_json_url: `${location.origin}/static/brand.json`,
      },
    }),
    "lti.scrollToTop": () => (scrollTo(0, 0), {}),
    "requestFullWindowLaunch": launchAgain,
    "org.imsglobal.lti.close"() {
      history.length > 1 ? history.back() : close()
      return null
    },
  }
  platformStorage.listen(subjects)
}
