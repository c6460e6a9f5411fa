"use strict"
// Platform storage: Canvas's own localStorage, parted by the origin of the tool that asks.
const platformStorage = (() => {
  const KEYS = 500, CHARACTERS = 4096
  const used = new Map() // origin -> Map(key -> characters), counted per page load as Canvas does

  const name = (origin, key) => `lti|platform_storage|${origin}|${key}`

  function put(origin, key, value) {
    const sizes = used.get(origin) ?? new Map()
    used.set(origin, sizes)
    if (!value) {
      sizes.delete(key)
      localStorage.removeItem(name(origin, key))
      return undefined
    }
    const others = [...sizes].filter(([other]) => other !== key)
    const total = others.reduce((sum, [, size]) => sum + size, key.length + value.length)
    if (others.length + 1 > KEYS || total > CHARACTERS) {
      return {code: "storage_exhaustion", message: "Reached key or character limit for platform storage"}
    }
    sizes.set(key, key.length + value.length)
    localStorage.setItem(name(origin, key), value)
    return undefined
  }

  const bad = message => ({error: {code: "bad_request", message}})
  const absent = (data, field) => data[field] === undefined || data[field] === null || data[field] === ""

  const subjects = {
    "lti.put_data"(data, origin) {
      for (const field of ["key", "message_id"]) {
        if (absent(data, field)) return bad(`Missing required '${field}' field`)
      }
      const value = data.value ? String(data.value) : null
      const error = put(origin, String(data.key), value)
      return error ? {key: data.key, error} : {key: data.key, value}
    },
    "lti.get_data"(data, origin) {
      for (const field of ["key", "message_id"]) {
        if (absent(data, field)) return bad(`Missing required '${field}' field`)
      }
      return {key: data.key, value: localStorage.getItem(name(origin, String(data.key)))}
    },
  }

  // Answers every known subject; an unknown one of LTI's gets an error, anything else is not for us.
  function listen(handlers) {
    addEventListener("message", event => {
      let data = event.data
      if (typeof data === "string") {
        try { data = JSON.parse(data) } catch { return }
      }
      const subject = data?.subject
      if (typeof subject !== "string" || subject.endsWith(".response") || !event.source) return
      const handler = Object.hasOwn(handlers, subject) ? handlers[subject] : null
      if (!handler && !subject.startsWith("lti.")) return
      let answer
      try {
        answer = handler
          ? handler(data, event.origin, event.source)
          : {error: {code: "unsupported_subject", message: `Subject '${subject}' is not supported`}}
      } catch (problem) {
        answer = {error: {code: "error", message: String(problem.message ?? problem)}}
      }
      if (answer === null) return
      const echo = data.message_id === undefined ? {} : {message_id: data.message_id}
      event.source.postMessage({subject: `${subject}.response`, ...echo, ...answer}, event.origin)
    })
  }

  return {subjects, listen}
})()

if (document.currentScript.dataset.answers !== undefined) platformStorage.listen(platformStorage.subjects)
