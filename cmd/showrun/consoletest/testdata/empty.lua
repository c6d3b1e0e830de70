-- A show that has nothing but a lamp.
require "stage".fixture{ name = "lamp", kind = "dimmer", at = require "signet".sender{}:universe(1):slot(1) }
