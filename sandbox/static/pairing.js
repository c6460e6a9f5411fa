"use strict"
// As in Canvas, the button asks the API for a code.
{
  const button = document.getElementById("pair")
  button.hidden = false
  button.addEventListener("click", async () => {
    const answer = await fetch("/api/v1/users/self/observer_pairing_codes", {method: "POST"})
    const body = await answer.json()
    document.getElementById("pairing_code").textContent = answer.ok ? body.code : "No code could be made."
  })
}
