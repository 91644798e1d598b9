import {ServerSource} from "./server.js";
import {startPage} from "./page.js";

startPage(new ServerSource());
