export default {
  fetch(request, gateway) {
    const { host, pathname } = new URL(request.url);
    return new Response(`blog: ${host}${pathname} for ${gateway.clientAddress}\n`);
  },
};
