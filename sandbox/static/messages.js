"use strict"
// What Canvas's page does for the tool in its frame (Canvas API docs, "LTI Window postMessage").
{
  const page = document.currentScript.dataset
  const forwarding = {"lti.get_data": "post_message_forwarding", "lti.put_data": "post_message_forwarding"}
  const frameOf = source => [...document.querySelectorAll("iframe")].find(frame => frame.contentWindow === source)
  const bad = message => ({error: {code: "bad_request", message}})
  const nothing = () => ({})
  let leaving = null
  let scrolling = null

  function launchAgain(data) {
    const wanted = typeof data.data === "string" ? {url: data.data} : data.data
    if (!wanted?.url) return bad("message must contain a `url` property")
    const {url, placement, launchType = "same_window", launchOptions = {}, display = "borderless"} = wanted
    const target = new URL(url)
    target.searchParams.set("platform_redirect_url", location.href)
    target.searchParams.set("full_win_launch_requested", "1")
    const query = new URLSearchParams({display, url: target.href})
    if (placement) query.set("placement", placement)
    if (wanted.resource_link_id) query.set("resource_link_lookup_uuid", wanted.resource_link_id)
    const address = `${page.retrieve}?${query}`
    const {width = 800, height = 600} = launchOptions
    if (launchType === "popup") open(address, "popupLaunch", `width=${width},height=${height}`)
    else if (launchType === "new_window") open(address, "newWindowLaunch")
    else if (launchType === "same_window") location.assign(address)
    else throw new Error("unknown launchType, must be 'popup', 'new_window' or 'same_window'")
    return null
  }

  function alert(data) {
    if (!data.body) return bad("message must contain a `body` property")
    const line = document.createElement("p")
    line.setAttribute("role", data.alertType === "error" ? "alert" : "status")
    line.className = "problem"
    line.textContent = `${data.title ?? "Tool"}: ${typeof data.body === "string" ? data.body : JSON.stringify(data.body)}`
    document.querySelector("main").prepend(line)
    return {}
  }

  function speak(data) {
    if (!data.body) return bad("message must contain a `body` property")
    const line = document.createElement("p")
    line.setAttribute("role", "status")
    line.className = "hidden"
    document.querySelector("main").append(line)
    line.textContent = String(data.body)
    return {}
  }

  function forgetLeaving() {
    if (leaving) removeEventListener("beforeunload", leaving)
    leaving = null
    return {}
  }

  const menu = show => {
    for (const nav of document.querySelectorAll(".side")) nav.hidden = show === undefined ? !nav.hidden : !show
    return {}
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
        use_high_contrast: page.highContrast !== undefined,
        active_brand_config_json_url: page.brand,
      },
    }),
    "lti.getPageContent"() {
      if (page.content === undefined) throw new Error("the tool has no scope for page content")
      return {content: document.querySelector("main").innerText}
    },
    "lti.scrollToTop": () => (scrollTo(0, 0), {}),
    "lti.enableScrollEvents"(data, origin, source) {
      if (scrolling) return {}
      scrolling = () => source.postMessage({subject: "lti.scroll", scrollY}, origin)
      addEventListener("scroll", scrolling)
      return {}
    },
    "lti.showAlert": alert,
    "lti.screenReaderAlert": speak,
    "lti.setUnloadMessage"(data) {
      forgetLeaving()
      leaving = event => event.preventDefault()
      addEventListener("beforeunload", leaving)
      return {}
    },
    "lti.removeUnloadMessage": forgetLeaving,
    "lti.showModuleNavigation": nothing,
    "lti.hideRightSideWrapper": nothing,
    "lti.resourceImported": nothing,
    "toggleCourseNavigationMenu": () => menu(),
    "showNavigationMenu": () => menu(true),
    "hideNavigationMenu": () => menu(false),
    "requestFullWindowLaunch": launchAgain,
    "org.imsglobal.lti.close"() {
      if (page.closes) location.assign(page.closes)
      else if (history.length > 1) history.back()
      else close()
      return null
    },
  }
  platformStorage.listen(subjects)
}
