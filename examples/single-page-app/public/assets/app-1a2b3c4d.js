document.querySelector('#path').textContent = `This is ${location.pathname}.`;
