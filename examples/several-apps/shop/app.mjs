export default {
  fetch(request, gateway) {
    const { host, pathname } = new URL(request.url);
    return new Response(`shop: ${host}${pathname} for ${gateway.clientAddress}\n`);
  },
};
